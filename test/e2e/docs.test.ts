// The documents keep their word: marked blocks are run as they stand, and what they name exists.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { readSettings } from '../../src/config.ts';
import { packageRoot } from '../../src/package-root.ts';
import { nextStepsPage } from '../../src/pages/next-steps.ts';
import { blocksOf, codeOf, DOCUMENTS, readDocument, usesOf } from '../support/docs.ts';
import { runBlocks, testsOf } from '../support/run-docs.ts';
import { cleanUp, run } from '../support/server.ts';

/** A dozen processes one after the other, on a machine that may be busy. */
const PATIENCE_MS = 180_000;

afterAll(cleanUp);

/** Variables of the CLI and of Terraform's provider, which our documents name, too. */
const CLIENTS = new Set(['CODER_URL', 'CODER_SESSION_TOKEN']);
const settings = readSettings({}).names;

describe.each(DOCUMENTS)('%s', (path) => {
  const document = readDocument(path);

  it('names no setting that does not exist', () => {
    const named = new Set([...document.matchAll(/\bCODER_[A-Z0-9_]+\b\*?/g)].map(([name]) => name));
    const exists = (name: string) =>
      name.endsWith('*')
        ? [...settings].some((setting) => setting.startsWith(name.slice(0, -1)))
        : settings.has(name) || CLIENTS.has(name);
    expect([...named].filter((name) => !exists(name))).toEqual([]);
  });

  it('links to nothing that is not there', () => {
    const links = [...document.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(packageRoot, dirname(path), link)))).toEqual([]);
  });

  it('names no path of the API that does not exist', () => {
    const { paths } = JSON.parse(readFileSync(join(packageRoot, 'openapi/openapi.json'), 'utf8')) as { paths: object };
    const known = Object.keys(paths).map((route) => new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`));
    const named = codeOf(document).flatMap((code) =>
      [...code.matchAll(/(?:\$api|\/api\/v2)(\/[\w$/{}%-]+)/g)].map(
        ([, route = '']) => `/api/v2${route.replaceAll('$', '')}`,
      ),
    );
    expect(named.filter((route) => !known.some((pattern) => pattern.test(route)))).toEqual([]);
  });
});

/** The names of all commands, as the program lists them. */
async function commandNames(): Promise<string[]> {
  const { stdout } = await run(['--help']).finished;
  return [...stdout.matchAll(/^ {2}([a-z][\w-]*(?: [a-z]+)*) {2,}/gm)].map(([, name = '']) => name);
}

test('the README has every command', async () => {
  const commands = await commandNames();
  expect(commands.length).toBeGreaterThan(5);
  const document = readDocument('README.md');
  expect(commands.filter((name) => !document.includes(`\n| \`${name}`))).toEqual([]);
});

/** What the page after set-up tells to type, as if it were a document. */
const nextSteps = () => {
  const setup = {
    accessUrl: 'http://127.0.0.1:3000',
    isHttps: false,
    sendsMail: false,
    hasProvider: false,
    isEncrypted: false,
  };
  const pages = [true, false].map((isEmbedded) =>
    nextStepsPage({ setup: { ...setup, isEmbedded }, username: 'ada', csrf: '', theme: 'auto' }),
  );
  return [...String(pages).matchAll(/<code>([^<]*)<\/code>/g)].map(([, code = '']) => code);
};

test('every setting that the page after set-up names exists', () => {
  const named = nextSteps().flatMap((code) => code.match(/\bCODER_[A-Z0-9_]+\b/g) ?? []);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !settings.has(name))).toEqual([]);
});

test('every command and option that a document or that page names exists', async () => {
  const texts = [
    ...DOCUMENTS.flatMap((path) => codeOf(readDocument(path)).map((code) => [path, code] as const)),
    ...nextSteps().map((code) => ['next steps', code] as const),
  ];
  const uses = texts.flatMap(([path, code]) => usesOf(code).map((use) => ({ path, ...use })));
  expect(uses.length).toBeGreaterThan(5);
  const commands = await commandNames();
  const commandOf = (text: string) => commands.find((name) => `${text} `.startsWith(`${name} `));
  const ofTheProgram = (text: string) => /^-{1,2}(help|version|h)\b/.test(text);
  expect(uses.filter(({ text }) => !ofTheProgram(text) && commandOf(text) === undefined)).toEqual([]);
  const help = new Map<string, string>();
  for (const name of new Set(uses.filter(({ options }) => options.length > 0).map(({ text }) => commandOf(text)))) {
    if (name !== undefined) help.set(name, (await run([...name.split(' '), '--help']).finished).stdout);
  }
  const wrong = uses.flatMap(({ path, text, options }) =>
    options
      .filter(
        (option) => !new RegExp(`${option}(?![\\w-])`).test(help.get(commandOf(text) ?? '') ?? '--help --version'),
      )
      .map((option) => `${path}: ${text}: ${option}`),
  );
  expect(wrong).toEqual([]);
});

test('uses of the program are found in every way to write them, and nothing else is', () => {
  const uses = (code: string) => usesOf(code).map(({ text, options }) => [text.split(' ')[0], ...options].join(' '));
  expect(uses('echo x | coder-users nowhere --a --b-c=1 Y | tee')).toEqual(['nowhere --a --b-c']);
  expect(uses('npm run --silent coder-users -- rotate && npx coder-users health')).toEqual(['rotate', 'health']);
  expect(uses('kubectl -n coder-users exec deploy/coder-users -- coder-users openapi')).toEqual(['openapi']);
  expect(uses('cu health; systemctl restart coder-users now; coder-users COMMAND')).toEqual(['health']);
});

describe('marked blocks', () => {
  test.each(testsOf((how) => !how.includes('long')))('%s, %s', { timeout: PATIENCE_MS }, async (path, name) => {
    await runBlocks(path, name);
  });

  it('are shell, as are all that look like it', () => {
    const blocks = DOCUMENTS.flatMap((path) => blocksOf(readDocument(path)));
    expect(blocks.filter(({ test, language }) => test && language !== 'sh')).toEqual([]);
    const wrong = blocks.filter(
      ({ language, text }) => language === 'sh' && spawnSync('sh', ['-n'], { input: text }).status !== 0,
    );
    expect(wrong).toEqual([]);
  });
});
