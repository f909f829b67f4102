// Progress of what takes longer than a second, on standard error: one line that changes on a terminal, else a line now and then.

/** What is quicker than this says nothing. */
const QUIET_MS = 1000;
const TERMINAL_MS = 200;
/** In a log each line stays. */
const LOG_MS = 5000;

export interface Progress {
  /** Says how far it is, if a line is due. */
  show(text: () => string): void;
  /** Ends the line that changes, so that what follows stands on one of its own. */
  end(): void;
}

/** @param out where lines go; `now` in milliseconds */
export function startProgress(
  out: Pick<NodeJS.WriteStream, 'write' | 'isTTY'> = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  const isTerminal = out.isTTY === true;
  let due = now() + QUIET_MS;
  let isOpen = false;
  return {
    show(text) {
      const time = now();
      if (time < due) return;
      due = time + (isTerminal ? TERMINAL_MS : LOG_MS);
      out.write(isTerminal ? `\r\u001b[K${text()}` : `${text()}\n`);
      isOpen = isTerminal;
    },
    end() {
      if (isOpen) out.write('\n');
      isOpen = false;
    },
  };
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A number of bytes for people: `1.5 MB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
