// What a command of the program is, and how its arguments are read.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { Environment } from '../config/values.ts';

/** Wrong arguments: printed with a hint at --help, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandInput {
  readonly env: Environment;
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Options without a value that were given. */
  readonly switches: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

export interface CommandOption {
  /** How the help calls the value; an option without one is on or off. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  readonly summary: string;
  /** Names of the arguments that must be given, in order. */
  readonly positionals?: readonly string[];
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** What follows `coder-users` in calls that show how the command is used. */
  readonly examples: readonly string[];
  /** More for --help: settings, exit codes. */
  readonly notes?: string;
  run(input: CommandInput): Promise<void>;
}

/**
 * Reads a command's arguments.
 * @returns undefined when help was asked for
 * @throws UsageError for unknown options, missing values and a wrong number of arguments
 */
export function readArguments(command: Command, args: string[]): Omit<CommandInput, 'env'> | undefined {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const [name, { value }] of Object.entries(command.options ?? {}))
    options[name] = { type: value === undefined ? 'boolean' : 'string' };
  const expected = command.positionals ?? [];
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (err) {
    throw new UsageError((err as Error).message.split('.')[0]);
  }
  if (parsed.values.help === true) return undefined;
  if (parsed.positionals.length > expected.length) {
    throw new UsageError(`Unexpected argument '${parsed.positionals[expected.length]}'`);
  }
  const missing = expected[parsed.positionals.length];
  if (missing !== undefined) throw new UsageError(`The argument ${missing} is missing`);
  const flags: Record<string, string | undefined> = {};
  const switches = new Set<string>();
  for (const [name, value] of Object.entries(parsed.values)) {
    if (typeof value === 'string') flags[name] = value;
    else if (value === true) switches.add(name);
  }
  return { flags, switches, positionals: parsed.positionals };
}

/** The help text of one command. */
export function helpOf(name: string, command: Command): string {
  const positionals = (command.positionals ?? []).map((positional) => ` ${positional}`).join('');
  const rows = Object.entries(command.options ?? {}).map(([option, { value, help }]) => [
    value === undefined ? `--${option}` : `--${option} ${value}`,
    help,
  ]);
  rows.push(['-h, --help', 'show this help']);
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2;
  const lines = rows.map(([left = '', right]) => `  ${left.padEnd(width)}${right}`);
  const examples = command.examples.map((example) => `  coder-users ${example}`).join('\n');
  const notes = command.notes === undefined ? '' : `\n${command.notes}\n`;
  return `${command.summary}\n\nUsage: coder-users ${name}${positionals} [options]\n\n${lines.join('\n')}\n\nExamples:\n${examples}\n${notes}`;
}
