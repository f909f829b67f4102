// Reads a new password from the terminal, where it is not shown, or from standard input.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { StartError } from '../start-error.ts';

/** Asks on the terminal without showing what is typed. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once('line', resolve);
      terminal.once('SIGINT', () => reject(new StartError('Cancelled.')));
      terminal.once('close', () => reject(new StartError('No password was given.')));
    });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function firstLineOfInput(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new StartError('No password was given: use --password, or write it to standard input.');
}

/**
 * The new password: the flag's value, else asked for twice on a terminal, else the first line of standard input.
 * @throws StartError when there is none or the two differ
 */
export async function readPassword(flag: string | undefined): Promise<string> {
  if (flag !== undefined) return flag;
  if (!process.stdin.isTTY) return firstLineOfInput();
  const password = await ask('New password: ');
  if ((await ask('The same again: ')) !== password) throw new StartError('The two passwords differ.');
  return password;
}
