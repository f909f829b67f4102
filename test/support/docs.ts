// The documents for people: their code, what of it is to be run, and the words in it that must exist.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
  /** The tests that the block is a part of; the blocks of one are run one after the other by one shell. Other words say how. */
  readonly test: { readonly names: readonly string[]; readonly how: readonly string[] } | undefined;
}

/** README.md and all below docs/ but decisions, as paths from the top of the project. */
export const DOCUMENTS: readonly string[] = ['README.md', ...globSync('docs/*.md', { cwd: packageRoot }).sort()];

export const readDocument = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

/** `<!-- test: NAME NAME, how, how -->` before a fence. */
const MARKER = /^<!-- test: ([\w-]+(?: [\w-]+)*)((?:, \w+)*) -->$/;

/** The fenced blocks of a document, first to last. @throws Error for a marker without a block */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let test: Block['test'];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of document.split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (open !== undefined) {
      if (fence === null) open.lines.push(line);
      else {
        blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line, test });
        [open, test] = [undefined, undefined];
      }
    } else if (fence !== null) {
      open = { language: fence[1] ?? '', line: index + 1, lines: [] };
    } else if (line.trim() !== '') {
      if (test !== undefined) throw new Error(`line ${index + 1}: the marker for ${test.names} has no block`);
      const [, names, how = ''] = MARKER.exec(line) ?? [];
      if (names !== undefined) test = { names: names.split(' '), how: how.split(', ').filter(Boolean) };
    }
  }
  return blocks;
}

/** All code of a document: fenced blocks, and what stands between back-ticks. */
export function codeOf(document: string): string[] {
  const prose = document.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text.replaceAll(/\s+/g, ' '));
  return [...blocksOf(document).map(({ text }) => text.replaceAll('\\\n', ' ')), ...inline];
}

/** The program by any of its names, unless that is an account, a namespace or a service; then a command and its options. */
const USE =
  /(?<!(?:-u|-n|-p|namespace|user|chown|uid=|systemctl [a-z]+|enable --now)\s*|(?<!bin)\/)(?:\bcoder-users(?:\.js)?(?: --)?|\bcu) +(-{0,2}[a-z][\w-]*)([^\n|;&>)]*)/g;

/** Each use of the program in code: what follows its name, and the options in it. */
export function usesOf(code: string): { text: string; options: string[] }[] {
  return [...code.matchAll(USE)].map(([, command = '', rest = '']) => ({
    text: command + rest,
    options: [...rest.matchAll(/(?<=\s)--[a-z][\w-]*/g)].map(([option]) => option),
  }));
}
