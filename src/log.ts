// The log: one JSON line per event on standard output, or lines for people; never SQL, parameters or rows.
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { Config } from './config.ts';
import { toDatabaseError } from './store/errors.ts';

const MAX_DEPTH = 5;
const MAX_ERRORS = 5;

/** Words without what must not be read in a log: user and password in a URL, keys of this server. */
const withoutSecrets = (text: string): string =>
  text
    .replace(/(postgres(?:ql)?:\/\/)\S*@/g, '$1…@')
    .replace(/(\w:\/\/)[^\s/@]*@/g, '$1…@')
    .replace(/\b[A-Za-z0-9]{10}-[A-Za-z0-9]{22}\b/g, '…');

const words = (value: unknown) => (typeof value === 'string' ? withoutSecrets(value) : undefined);

/**
 * Whatever was thrown, as the log shows it: type, message, code, stack, causes. An error of the database is shown without
 * SQL, parameters and rows, and of other objects no value is shown but those named here.
 */
export function loggableError(err: unknown): Record<string, unknown> {
  try {
    return described(err, 0);
  } catch {
    return { message: 'something was thrown that cannot be read' };
  }
}

function described(err: unknown, depth: number): Record<string, unknown> {
  const error = toDatabaseError(err);
  if (typeof error !== 'object' || error === null) return { message: withoutSecrets(String(error)) };
  const { name, type, message, code, constraint, stack, cause, errors } = error as Record<string, unknown>;
  const kind = error instanceof Error ? name : (type ?? error.constructor?.name);
  const several = Array.isArray(errors) ? errors : [];
  // An error that stands for several often has no words of its own (a host name with two addresses that both refuse).
  const text = words(message) || several.map((one) => described(one, MAX_DEPTH).message).join('; ');
  const isDeeper = depth < MAX_DEPTH;
  return {
    type: words(kind),
    message: text || `something without a message was thrown, with ${Object.keys(error).join(', ') || 'no fields'}`,
    code: words(code),
    constraint: words(constraint),
    stack: words(stack),
    ...(isDeeper && cause !== undefined && { cause: described(cause, depth + 1) }),
    ...(isDeeper &&
      several.length > 0 && { errors: several.slice(0, MAX_ERRORS).map((one) => described(one, depth + 1)) }),
  };
}

/** How the logger shows what it is given. */
export const logSerializers = { err: (err: unknown) => loggableError(err) };

/** `12:00:00 WARN  what happened {"detail":1}` and the stack of an error below it. */
function humanLine(json: string): string {
  const { level, time, pid, hostname, msg = '', err, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const name = pino.levels.labels[Number(level)] ?? 'info';
  const details = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  const { stack, message } = (err ?? {}) as { stack?: unknown; message?: unknown };
  const trouble = err === undefined ? '' : `\n${String(stack ?? message)}`;
  return `${new Date(Number(time)).toTimeString().slice(0, 8)} ${name.toUpperCase().padEnd(5)} ${String(msg)}${details}${trouble}\n`;
}

export interface Log {
  readonly log: Logger;
  /** Writes what is still in memory and takes no more; to be awaited before the process ends. */
  end(): Promise<void>;
  /** The same at once, for a process that must not wait: a line that is just being written may come last or be lost. */
  flush(): void;
}

/** A reader of our output that has stopped reading does not hold the end of the process up. */
const END_MS = 1000;

/**
 * Makes the logger; `human` lines are for a terminal. Lines for standard output are gathered for a moment before they
 * are written; those for standard error are few and written at once.
 */
export function createLog({ level }: Pick<Config['log'], 'level'>, { human, fd }: { human: boolean; fd: 1 | 2 }): Log {
  const out = destination({ fd, sync: fd === 2 });
  const stream: DestinationStream = human ? { write: (line) => void out.write(humanLine(line)) } : out;
  const log = pino({ level, base: { pid: process.pid }, serializers: logSerializers }, stream);
  const flush = () => {
    try {
      out.flushSync();
    } catch {
      // The reader of our output is gone: nobody is left to tell.
    }
  };
  const end = () =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, END_MS).unref();
      out.once('close', resolve).once('error', () => resolve());
      out.end();
    });
  return { log, end, flush };
}
