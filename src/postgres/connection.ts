// A connection: the way it takes, and its prepared statements, which have names that fit and are few.
import { createHash } from 'node:crypto';
import pg from 'pg';
import { checkKind, isAboutTls, type Route, type Way } from './route.ts';

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

/** Errors after which another way is worth a try. */
const worthAnother = new WeakSet<object>();

export class Connection extends pg.Client {
  readonly #prepared = new Set<string>();
  readonly #route: Route;
  readonly #way: Way;

  /**
   * Prepares whatever statement has a name, under one that says what its text is: Postgres cuts names at 63 bytes, so two
   * long ones could mean each other.
   * @param maxPrepared none where the next statement may reach another session
   */
  constructor(config: pg.ClientConfig, route: Route, maxPrepared: number) {
    const way = route.current();
    const { host, port } = way.server;
    super({ ...config, ...(host !== undefined && { host }), ...(port !== undefined && { port }), ssl: way.ssl });
    this.#route = route;
    this.#way = way;
    const query = this.query.bind(this) as (config: unknown, ...rest: unknown[]) => unknown;
    this.query = ((config: unknown, ...rest: unknown[]) =>
      query(this.#named(config, maxPrepared), ...rest)) as pg.Client['query'];
    const connect = this.connect.bind(this);
    this.connect = ((done?: (err: unknown) => void) => {
      const connected = connect().catch((err: unknown) => this.#failed(err));
      if (done === undefined) return connected;
      connected.then(() => done(undefined), done);
    }) as pg.Client['connect'];
  }

  /** @throws when this is not the kind of server that the URL asks for */
  async checkKind(): Promise<void> {
    await checkKind(this, this.#way).catch((err: unknown) => this.#failed(err));
  }

  #failed(err: unknown): never {
    if (this.#route.failed(this.#way, err)) worthAnother.add(err as object);
    throw err;
  }

  #named(config: unknown, maxPrepared: number): unknown {
    if (typeof config !== 'object' || config === null || !('name' in config) || !('text' in config)) return config;
    const statement = config as pg.QueryConfig;
    if (statement.name === undefined) return statement;
    const name = shortName(statement);
    if (!this.#prepared.has(name)) {
      if (this.#prepared.size >= maxPrepared) return { ...statement, name: undefined };
      this.#prepared.add(name);
    }
    return { ...statement, name };
  }
}

const isWorthAnother = (err: unknown) =>
  typeof err === 'object' && err !== null && (worthAnother.has(err) || worthAnother.has(Object(err).cause ?? {}));

/**
 * Connects, by another way when one leads nowhere: each of them once.
 * @throws the last reason, but that TLS is not offered only where there was no other
 */
export async function byAnyWay<T>(route: Route, connect: () => Promise<T>): Promise<T> {
  let reason: unknown;
  for (let tried = 1; ; tried++) {
    try {
      return await connect();
    } catch (err) {
      // A server that refuses the role (28000) has said more than that it offers no TLS.
      const saysMore = err instanceof pg.DatabaseError && !(reason instanceof pg.DatabaseError);
      if (reason === undefined || saysMore || !isAboutTls(err)) reason = err;
      if (tried >= route.length || !isWorthAnother(err)) throw reason;
    }
  }
}
