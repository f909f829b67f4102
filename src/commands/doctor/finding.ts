// What the doctor says of one thing.

export interface Finding {
  readonly topic: string;
  readonly state: 'ok' | 'warning' | 'failure';
  /** What is the case, or what is wrong. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const ok = (topic: string, text: string): Finding => ({ topic, state: 'ok', text });
export const warning = (topic: string, text: string, remedy: string): Finding => ({
  topic,
  state: 'warning',
  text,
  remedy,
});
export const failure = (topic: string, text: string, remedy: string): Finding => ({
  topic,
  state: 'failure',
  text,
  remedy,
});

/** Why something failed, in one line: of `fetch` its cause, of several attempts each one's reason. */
export function reasonOf(err: unknown): string {
  if (err instanceof AggregateError && err.message === '') return err.errors.map(reasonOf).join('; ');
  if (!(err instanceof Error)) return String(err);
  if (err.name === 'TimeoutError') return 'no answer in time';
  return err.cause instanceof Error ? reasonOf(err.cause) : err.message.replace(/\s*\n\s*/g, ' ') || err.name;
}

const LARGE_SECONDS = 30;
const SMALL_SECONDS = 2;

/** What a difference between this machine's clock and another one's means: codes, sessions and tokens go by time. */
export function clockFinding(topic: string, whose: string, seconds: number): Finding {
  const text = `the clock of ${whose} differs from this machine's by ${Math.abs(seconds).toFixed(1)} s`;
  const remedy = 'Let a time service (NTP) set the clocks of both.';
  if (Math.abs(seconds) >= LARGE_SECONDS) return failure(topic, text, remedy);
  if (Math.abs(seconds) >= SMALL_SECONDS) return warning(topic, text, remedy);
  return ok(topic, `the clocks of this machine and of ${whose} agree`);
}
