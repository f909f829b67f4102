// The log: one JSON line per event on standard output, or lines for people; never SQL, parameters or rows.
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { Config } from './config.ts';
import { toDatabaseError } from './store/errors.ts';

const MAX_CAUSES = 5;

/** An error as the log shows it; Drizzle's own message and stack hold the SQL with its parameters and are left out. */
export function loggableError(err: unknown, depth = 0): Record<string, unknown> {
  const error = toDatabaseError(err);
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    ...(typeof constraint === 'string' && { constraint }),
    stack: error.stack,
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: loggableError(error.cause, depth + 1) }),
  };
}

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
  /** Writes what is still in memory; to be called before the process ends. */
  flush(): void;
}

/** Makes the logger; `human` lines are for a terminal, and lines are gathered for a moment before they are written. */
export function createLog({ level }: Pick<Config['log'], 'level'>, { human, fd }: { human: boolean; fd: 1 | 2 }): Log {
  const out = destination({ fd, sync: false });
  const stream: DestinationStream = human ? { write: (line) => void out.write(humanLine(line)) } : out;
  const log = pino(
    { level, base: { pid: process.pid }, serializers: { err: (err: unknown) => loggableError(err) } },
    stream,
  );
  const flush = () => {
    try {
      out.flushSync();
    } catch {
      // The reader of our output is gone: nobody is left to tell.
    }
  };
  return { log, flush };
}
