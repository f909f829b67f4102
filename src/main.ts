// The program: picks the command, and turns what goes wrong into one line and an exit code.
import { backupCommand } from './commands/backup.ts';
import { type Command, helpOf, readArguments, UsageError } from './commands/command.ts';
import { createAdminUserCommand } from './commands/create-admin-user.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { healthCommand } from './commands/health.ts';
import { importCommand } from './commands/import.ts';
import { keysRevokeCommand } from './commands/keys-revoke.ts';
import { migrateCommand } from './commands/migrate.ts';
import { openapiCommand } from './commands/openapi.ts';
import { resetPasswordCommand } from './commands/reset-password.ts';
import { restoreCommand } from './commands/restore.ts';
import { rotateCommand } from './commands/rotate.ts';
import { complain, inOneLine } from './commands/say.ts';
import { serverCommand } from './commands/server.ts';
import { loggableError } from './log.ts';
import { programVersion } from './package-root.ts';
import { StartError } from './start-error.ts';
import { toDatabaseError } from './store/errors.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  server: serverCommand,
  migrate: migrateCommand,
  'create-admin-user': createAdminUserCommand,
  'reset-password': resetPasswordCommand,
  'keys revoke': keysRevokeCommand,
  rotate: rotateCommand,
  backup: backupCommand,
  restore: restoreCommand,
  export: exportCommand,
  import: importCommand,
  doctor: doctorCommand,
  health: healthCommand,
  openapi: openapiCommand,
};

const FAILED = 1;
const WRONG_USAGE = 2;

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length)) + 2;
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return `coder-users ${programVersion()}: a self-hosted server for the Coder users API.

Usage: coder-users [command] [options]

${lines.join('\n')}

coder-users COMMAND --help tells more. Exit codes: 0 done, ${FAILED} failed, ${WRONG_USAGE} wrong arguments.
`;
}

/**
 * The command and its arguments. Some commands have names of two words; `server create-admin-user` is another way to write
 * `create-admin-user`.
 */
function pick(args: string[]): { name: string; rest: string[] } {
  const [first, second] = args;
  if (first === undefined || first.startsWith('-')) return { name: 'server', rest: args };
  if (first === 'server' && second !== undefined) {
    const behind = pick(args.slice(1));
    return Object.hasOwn(COMMANDS, behind.name) ? behind : { name: first, rest: args.slice(1) };
  }
  const both = `${first} ${second}`;
  return Object.hasOwn(COMMANDS, both) ? { name: both, rest: args.slice(2) } : { name: first, rest: args.slice(1) };
}

/** Ends with whoever started this process and keeps a channel to it, as the launcher does: killed, it hands no signal on. */
function endWithLauncher(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel alone keeps no process running.
  process.channel?.unref();
}

/** On a signal a command ends by way of its exit handlers: what it has begun to write goes, a database it started ends. */
function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

async function run(args: string[]): Promise<void> {
  const [first] = args;
  if (first === '--help' || first === '-h' || first === 'help') return void process.stdout.write(overview());
  if (first === '--version') return console.log(programVersion());
  const { name, rest } = pick(args);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`There is no command '${name}'`);
  const input = readArguments(command, rest);
  if (input === undefined) return void process.stdout.write(helpOf(name, command));
  // The server ends in an order of its own.
  if (command !== serverCommand) endOnSignals();
  const env = { ...process.env };
  // Node would read them in place of the system's store, and in its own way: outgoing/authorities.ts reads them.
  for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR']) delete process.env[name];
  return command.run({ env, ...input });
}

/** One line for standard error: errors of the program itself name their place, all others speak for themselves. */
function lineOf(err: unknown, args: string[]): string {
  if (err instanceof UsageError) {
    const { name } = pick(args);
    return `${err.message}. See coder-users ${Object.hasOwn(COMMANDS, name) ? `${name} ` : ''}--help.`;
  }
  const message = String(loggableError(err).message);
  const isPlain = err instanceof StartError || toDatabaseError(err) !== err;
  const place = err instanceof Error && !isPlain ? /\n\s+at (.*)/.exec(err.stack ?? '')?.[1] : undefined;
  return place === undefined ? message : `${message} (${place})`;
}

// Drivers and hooks lie between a statement and whoever wanted it: ten lines would end before.
Error.stackTraceLimit = 30;

const args = process.argv.slice(2);
endWithLauncher();
try {
  await run(args);
  process.exit(0);
} catch (err) {
  complain(inOneLine(`coder-users: ${lineOf(err, args)}`));
  process.exit(err instanceof UsageError ? WRONG_USAGE : FAILED);
}
