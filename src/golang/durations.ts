// Durations in the Go text form (`1h30m`, `500ms`) and in days, exact to the nanosecond.

/** Nanoseconds of each unit. */
export const NS = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
} as const;

const MAX_NS = 2n ** 63n - 1n;

// The microsecond has two spellings besides `us`: with the micro sign and with the Greek mu.
const UNITS: Readonly<Record<string, bigint>> = { ...NS, '\u00b5s': NS.us, '\u03bcs': NS.us };

/**
 * Reads a duration such as `1h30m`, `-2.5s`, `7d` (24 hours each) or `0`.
 * Returns nanoseconds, or undefined when the text is not of that form (a bare number other than 0, an unknown unit)
 * or does not fit into a signed 64-bit number.
 */
export function parseDuration(text: string): bigint | undefined {
  const signed = /^([+-]?)(.+)$/su.exec(text);
  const body = signed?.[2];
  if (body === undefined) return undefined;
  if (body === '0') return 0n;
  let total = 0n;
  let rest = body;
  while (rest !== '') {
    const part = /^(\d*)(?:\.(\d*))?([a-z\u00b5\u03bc]+)/u.exec(rest);
    const [whole, integer = '', fraction = '', unitName = ''] = part ?? [];
    const unit = UNITS[unitName];
    if (whole === undefined || unit === undefined || integer + fraction === '') return undefined;
    total += BigInt(integer || '0') * unit + (BigInt(fraction || '0') * unit) / 10n ** BigInt(fraction.length);
    if (total > MAX_NS) return undefined;
    rest = rest.slice(whole.length);
  }
  return signed?.[1] === '-' ? -total : total;
}

/** Writes `value` units of 10^digits with the fraction's trailing zeros dropped: (1500n, 3) gives "1.5". */
function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '');
  return `${value / scale}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * Writes nanoseconds as the API writes durations, all lower units kept: `168h0m0s`, `36m15s`, `1h30m0s`, `500ms`, `0s`.
 * Source: the lifetime texts of golden keys-lifetime-limits.json.
 */
export function durationText(ns: bigint): string {
  if (ns === 0n) return '0s';
  if (ns < 0n) return `-${durationText(-ns)}`;
  if (ns < NS.us) return `${ns}ns`;
  if (ns < NS.ms) return `${decimal(ns, 3)}µs`;
  if (ns < NS.s) return `${decimal(ns, 6)}ms`;
  const seconds = `${decimal(ns % NS.m, 9)}s`;
  if (ns < NS.m) return seconds;
  const minutes = `${(ns % NS.h) / NS.m}m${seconds}`;
  return ns < NS.h ? minutes : `${ns / NS.h}h${minutes}`;
}
