// A connection of the pool: its prepared statements have names that fit and are few.
import { createHash } from 'node:crypto';
import pg from 'pg';

/** How many statements one connection keeps prepared; what comes beyond runs unprepared. */
export const MAX_PREPARED = 100;

const nameOf = (text: string) => createHash('sha256').update(text).digest('base64url');

/** By the statement objects that callers keep: a text is hashed once. */
const names = new WeakMap<object, string>();

function shortName(statement: pg.QueryConfig): string {
  const name = names.get(statement) ?? nameOf(statement.text);
  names.set(statement, name);
  return name;
}

/**
 * Makes connections that prepare whatever statement has a name, under one that says what its text is: Postgres cuts names
 * at 63 bytes, so two long ones could mean each other.
 * @param most how many statements are prepared for each connection: none where the next statement may reach another session
 */
export function connectionClass(most: number): typeof pg.Client {
  return class Connection extends pg.Client {
    readonly #prepared = new Set<string>();

    constructor(config: pg.ClientConfig) {
      super(config);
      const query = this.query.bind(this) as (config: unknown, ...rest: unknown[]) => unknown;
      this.query = ((config: unknown, ...rest: unknown[]) => query(this.#named(config), ...rest)) as pg.Client['query'];
    }

    #named(config: unknown): unknown {
      if (typeof config !== 'object' || config === null || !('name' in config) || !('text' in config)) return config;
      const statement = config as pg.QueryConfig;
      if (statement.name === undefined) return statement;
      const name = shortName(statement);
      if (!this.#prepared.has(name)) {
        if (this.#prepared.size >= most) return { ...statement, name: undefined };
        this.#prepared.add(name);
      }
      return { ...statement, name };
    }
  };
}
