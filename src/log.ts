// The log: one JSON line per event on standard output, or lines for people, or files of either; never parameters or rows.
import { openSync } from 'node:fs';
import { destination, type Logger, pino } from 'pino';
import type { LogConfig } from './config.ts';
import { printable } from './golang/text.ts';
import { StartError } from './start-error.ts';
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

type Line = Record<string, unknown>;

/** `12:00:00 WARN  what happened {"detail":1}` and the stack of an error below it, set in so that it is no line of its own. */
function humanLine(json: string): string {
  const { level, time, pid, hostname, msg = '', err, ...rest } = JSON.parse(json) as Line;
  const name = pino.levels.labels[Number(level)] ?? 'info';
  const details = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  const { stack, message } = (err ?? {}) as { stack?: unknown; message?: unknown };
  const trouble = err === undefined ? '' : `\n${String(stack ?? message).replace(/^/gm, '    ')}`;
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  return `${printable(`${clock} ${name.toUpperCase().padEnd(5)} ${String(msg).replaceAll('\n', ' ')}${details}${trouble}`)}\n`;
}

const SEVERITIES: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** As Google Cloud reads lines: severity, time and message under its names. */
function stackdriverLine(json: string): string {
  const { level, time, msg, ...rest } = JSON.parse(json) as Line;
  const severity = SEVERITIES[pino.levels.labels[Number(level)] ?? 'info'] ?? 'DEFAULT';
  return `${JSON.stringify({ severity, timestamp: new Date(Number(time)).toISOString(), message: msg, ...rest })}\n`;
}

const FORMS = { json: (json: string) => json, human: humanLine, stackdriver: stackdriverLine };
type Form = keyof typeof FORMS;

const isForm = (name: string): name is Form => Object.hasOwn(FORMS, name);

/** Where lines of which form go. */
interface Target {
  readonly form: Form;
  readonly fd: number;
}

const STANDARD: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/** The files that settings name. @throws StartError for one that cannot be written */
function targetsOf(files: LogConfig['files']): Target[] {
  return Object.entries(files).flatMap(([form, path]) => {
    if (!isForm(form) || path === '/dev/null') return [];
    try {
      return [{ form, fd: STANDARD[path] ?? openSync(path, 'a', 0o640) }];
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException;
      const name = `CODER_LOGGING_${form.toUpperCase()}`;
      throw new StartError(`${name}: the file ${JSON.stringify(path)} cannot be written (${code})`);
    }
  });
}

/** Lines below `info` begin with their level. */
const DETAIL = /^\{"level":[12]\d,/;

/** Whether a line is wanted: those with details may be filtered. */
function wanted(patterns: readonly string[]): (line: string) => boolean {
  const filters = patterns.map((pattern) => new RegExp(pattern));
  return (line) => filters.length === 0 || !DETAIL.test(line) || filters.some((filter) => filter.test(line));
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
 * @throws StartError when a file of the settings cannot be written
 */
export function createLog(
  { level, files = {}, filter = [] }: Pick<LogConfig, 'level'> & Partial<LogConfig>,
  { human, fd }: { human: boolean; fd: 1 | 2 },
): Log {
  const targets: Target[] = Object.keys(files).length > 0 ? targetsOf(files) : [{ form: human ? 'human' : 'json', fd }];
  const outs = targets.map(({ form, fd }) => ({ shown: FORMS[form], out: destination({ fd, sync: fd === 2 }) }));
  const isWanted = wanted(filter);
  const write = (line: string) => {
    if (isWanted(line)) for (const { shown, out } of outs) out.write(shown(line));
  };
  const log = pino({ level, base: { pid: process.pid }, serializers: logSerializers }, { write });
  const flush = () => {
    for (const { out } of outs) {
      try {
        out.flushSync();
      } catch {
        // The reader of our output is gone: nobody is left to tell.
      }
    }
  };
  const ended = (out: ReturnType<typeof destination>) =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, END_MS).unref();
      out.once('close', resolve).once('error', () => resolve());
      out.end();
    });
  const end = () => Promise.all(outs.map(({ out }) => ended(out))).then(() => undefined);
  return { log, end, flush };
}
