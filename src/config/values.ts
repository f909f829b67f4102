// Typed reading of single environment variables; whatever cannot be read stops the start with a ConfigError.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parse as parseYaml } from 'yaml';
import { parseBoolean } from '../golang/booleans.ts';
import { parseDuration } from '../golang/durations.ts';
import { StartError } from '../start-error.ts';

/** A setting that the server cannot start with; the message names the variable. */
export class ConfigError extends StartError {
  readonly variable: string;

  constructor(variable: string, problem: string) {
    super(`${variable}: ${problem}`);
    this.variable = variable;
  }
}

/** Of a listener; `::` is every address of the machine. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Splits a comma list; an entry in double quotes may hold commas, a doubled quote inside it is one quote. */
function splitList(variable: string, text: string): string[] {
  const entries: string[] = [];
  let rest = text;
  for (;;) {
    const entry = /^(?:\s*"((?:[^"]|"")*)"\s*|([^",]*))(?:,|$)/u.exec(rest);
    if (entry === null) throw new ConfigError(variable, `${JSON.stringify(text)} is not a comma list`);
    entries.push(entry[1]?.replaceAll('""', '"') ?? entry[2] ?? '');
    if (!entry[0].endsWith(',')) return entries;
    rest = rest.slice(entry[0].length);
  }
}

/** Splits `host:port`, `[::1]:port` or `:port` (an empty host); undefined when it is none of them. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([0-9a-f:.%a-z]+)\]|([^[\]:\s/@]*)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  return digits === '' || port > 65535 ? undefined : { host: bracketed ?? plain, port };
}

/** Reads a JSON or YAML map, or undefined when the text is something else. */
function readMap(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = parseYaml(text, { logLevel: 'error' });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The variable that names a file with a secret, in place of the one that holds it. */
const fileVariant = (name: string) => `${name}_FILE`;

/** Without the line ends that files and shells leave at the end of a secret. */
const withoutLineEnds = (text: string) => text.replace(/[\r\n]+$/, '');

/** What a variable holds. */
export type Kind = 'text' | 'secret' | 'boolean' | 'integer' | 'duration' | 'list' | 'textMap' | 'listMap' | 'yaml';

/**
 * Readers over one environment. An empty variable counts as unset.
 * Every reader takes the variable's name and what stands for an unset one, and throws ConfigError for a bad value.
 */
export function readerOf(env: Environment) {
  /** Every variable that was asked for. */
  const names = new Set<string>();
  /** What the start says of variables that are set and have no effect: names (or how they begin) and the reason. */
  const idle: { names: string; reason: string }[] = [];
  const setIdle = (prefix: string, reason: string) => void idle.push({ names: prefix, reason });

  /** What kind of value each variable holds; texts are not noted. */
  const kinds = new Map<string, Kind>();

  const raw = (name: string): string | undefined => {
    names.add(name);
    return env[name] || undefined;
  };
  const bad = (name: string, wanted: string): ConfigError =>
    new ConfigError(name, `${JSON.stringify(raw(name))} is not ${wanted}`);

  /** A variable that programs take in lower case, too, which counts first. */
  const anyCase = (name: string): string | undefined => env[name.toLowerCase()] || raw(name);

  const text = (name: string, unset: string): string => raw(name) ?? unset;

  /** A secret from its variable or from the file that NAME_FILE names; no message shows it. */
  const secret = (name: string): string | undefined => {
    kinds.set(name, 'secret');
    const value = withoutLineEnds(raw(name) ?? '');
    const path = raw(fileVariant(name));
    if (path === undefined) return value || undefined;
    if (value !== '') throw new ConfigError(fileVariant(name), `cannot be used together with ${name}`);
    let content: string;
    try {
      content = withoutLineEnds(readFileSync(path, 'utf8'));
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException;
      throw new ConfigError(fileVariant(name), `the file ${JSON.stringify(path)} cannot be read (${code})`);
    }
    if (content === '') throw new ConfigError(fileVariant(name), `the file ${JSON.stringify(path)} is empty`);
    return content;
  };

  /** Of two names for one setting the one in force: the second only where the first is not set. */
  const eitherName = (name: string, older: string): string => {
    const [newSet, oldSet] = [raw(name), raw(older)].map((value) => value !== undefined);
    if (newSet && oldSet) setIdle(older, `has no effect beside ${name}`);
    return oldSet && !newSet ? older : name;
  };

  /** A secret without which something else would be used in silence: set but empty, it stops the start. */
  const neverEmpty = (name: string): string | undefined => {
    const empty = [name, fileVariant(name)].find((one) => env[one] !== undefined && withoutLineEnds(env[one]) === '');
    if (empty !== undefined) throw new ConfigError(empty, 'is set but empty');
    return secret(name);
  };

  const list = (name: string, unset: readonly string[], options: { trim: boolean } = { trim: true }): string[] => {
    kinds.set(name, 'list');
    const value = raw(name);
    if (value === undefined) return [...unset];
    const entries = splitList(name, value)
      .map((entry) => (options.trim ? entry.trim() : entry))
      .filter((entry) => entry !== '');
    // An allow list without entries must not turn into "everybody".
    if (entries.length === 0) throw bad(name, 'a list with at least one entry');
    return entries;
  };

  const boolean = (name: string, unset: boolean): boolean => {
    kinds.set(name, 'boolean');
    const value = raw(name);
    if (value === undefined) return unset;
    const known = parseBoolean(value);
    if (known === undefined) throw bad(name, 'a boolean (true or false)');
    return known;
  };

  const integer = (name: string, unset: number): number => {
    kinds.set(name, 'integer');
    const value = raw(name);
    if (value === undefined) return unset;
    if (!/^[+-]?\d{1,15}$/.test(value)) throw bad(name, 'a whole number');
    return Number(value);
  };

  const duration = (name: string, unsetNs: bigint): bigint => {
    kinds.set(name, 'duration');
    const value = raw(name);
    if (value === undefined) return unsetNs;
    const ns = parseDuration(value);
    if (ns === undefined) throw bad(name, 'a duration with units, such as 36h, 1h30m, 7d or 500ms');
    return ns;
  };

  const oneOf = <T extends string>(name: string, allowed: readonly T[], unset: T): T => {
    const value = raw(name);
    if (value === undefined) return unset;
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw bad(name, `one of ${allowed.join(', ')}`);
    return found;
  };

  /** An absolute http or https address without query, fragment and credentials; trailing slashes are dropped. */
  const webAddress = (name: string): string | undefined => {
    const value = raw(name);
    if (value === undefined) return undefined;
    const url = URL.parse(value);
    const plain =
      url !== null && /^https?:$/.test(url.protocol) && !/[?#@\s]/.test(value) && /^https?:\/\//i.test(value);
    if (!plain) throw bad(name, 'an http or https address');
    return value.replace(/\/+$/, '');
  };

  /** Where to listen: `host:port`; without a host every address of the machine, IPv4 and IPv6. */
  const address = (name: string, unset: string): Address => {
    const known = splitHostPort(text(name, unset));
    if (known === undefined) throw bad(name, 'of the form host:port');
    return { host: known.host === '' ? '::' : known.host, port: known.port };
  };

  /** A JSON or YAML map from texts to texts; numbers and booleans are taken as their text. */
  const textMap = (name: string, unset: Readonly<Record<string, string>>): Record<string, string> => {
    kinds.set(name, 'textMap');
    const value = raw(name);
    if (value === undefined) return { ...unset };
    const entries = Object.entries(readMap(value) ?? { '': null });
    if (!entries.every(([, item]) => ['string', 'number', 'boolean'].includes(typeof item))) {
      throw bad(name, 'a JSON map from names to texts, such as {"name": "value"}');
    }
    return Object.fromEntries(entries.map(([key, item]) => [key, String(item)]));
  };

  /** A JSON or YAML map from texts to lists of texts; a single text counts as a list of one. */
  const listMap = (name: string): Record<string, string[]> => {
    kinds.set(name, 'listMap');
    const value = raw(name);
    if (value === undefined) return {};
    const entries = Object.entries(readMap(value) ?? { '': null }).map(([key, item]) => [key, [item].flat()] as const);
    if (!entries.every(([, items]) => items.every((item) => typeof item === 'string'))) {
      throw bad(name, 'a JSON map from names to lists, such as {"name": ["value"]}');
    }
    return Object.fromEntries(entries.map(([key, items]) => [key, items.map(String)]));
  };

  /** A comma list of networks such as 10.0.0.0/8 or fd00::/8. */
  const cidrList = (name: string): string[] => {
    const networks = list(name, []);
    for (const network of networks) {
      const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
      const version = isIP(address);
      if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) {
        throw new ConfigError(name, `${JSON.stringify(network)} is not a network such as 10.0.0.0/8`);
      }
    }
    return networks;
  };

  /** A JSON or YAML text as the value that it writes down; undefined while unset. */
  const yaml = (name: string): unknown => {
    kinds.set(name, 'yaml');
    const value = raw(name);
    if (value === undefined) return undefined;
    try {
      return parseYaml(value, { logLevel: 'error' });
    } catch {
      throw bad(name, 'JSON or YAML');
    }
  };

  return {
    names,
    kinds,
    yaml,
    idle,
    setIdle,
    eitherName,
    raw,
    anyCase,
    text,
    secret,
    neverEmpty,
    list,
    boolean,
    integer,
    duration,
    oneOf,
    webAddress,
    address,
    textMap,
    listMap,
    cidrList,
  };
}

export type Reader = ReturnType<typeof readerOf>;
