// Which server of a URL is connected to, encrypted or not: as libpq tries them, one after the other.
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import type { ConnectionSettings, Server, SessionKind } from './connection-url.ts';
import { tlsOptions } from './tls.ts';

/** One way to a database. */
export interface Way {
  readonly server: Server;
  readonly ssl: ConnectionOptions | false;
  readonly kind: Exclude<SessionKind, 'prefer-standby'>;
}

/** A server that is there and of another kind than the URL asks for. */
class WrongKind extends Error {
  override readonly name = 'WrongKind';
  /** As a write would fail there. */
  readonly code: string | undefined;

  constructor(kind: Way['kind']) {
    super(`the server is not ${kind} (target_session_attrs)`);
    this.code = kind === 'read-write' || kind === 'primary' ? '25006' : undefined;
  }
}

function waysTo(server: Server, kind: Way['kind'], settings: ConnectionSettings): Way[] {
  const isSocket = server.host?.startsWith('/') ?? false;
  const plain: Way = { server, kind, ssl: false };
  if (isSocket || settings.sslMode === 'disable') return [plain];
  const servername = server.name === undefined ? {} : { servername: server.name };
  const encrypted: Way = { server, kind, ssl: { ...tlsOptions(settings), ...servername } };
  if (settings.sslMode === 'allow') return [plain, encrypted];
  return settings.sslMode === 'prefer' ? [encrypted, plain] : [encrypted];
}

const shuffled = <T>(list: readonly T[]) =>
  list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

/** SQLSTATEs that every server of a URL would answer with: the password is wrong, there is no such database. */
const SAME_EVERYWHERE = new Set(['28P01', '3D000']);

/** Whether the same server may well be reached with TLS where it was not, or without. */
export function isAboutTls(err: unknown): boolean {
  if (!(err instanceof Error)) return false;
  if (err instanceof pg.DatabaseError) return err.code === '28000';
  const { code } = err as { code?: unknown };
  return /SSL|TLS|EPROTO|certificate/i.test(`${err.message} ${String(code)}`);
}

export interface Route {
  /** How many ways there are. */
  readonly length: number;
  current(): Way;
  /** Notes that a way led nowhere. @returns whether to try another one now */
  failed(way: Way, err: unknown): boolean;
}

/** The ways of a URL, in the order in which they are tried; the one that worked last is tried first. */
export function createRoute(settings: ConnectionSettings): Route {
  const servers = settings.isShuffled ? shuffled(settings.servers) : settings.servers;
  const kinds = settings.sessionKind === 'prefer-standby' ? (['standby', 'any'] as const) : [settings.sessionKind];
  const ways = kinds.flatMap((kind) => servers.flatMap((server) => waysTo(server, kind, settings)));
  let at = 0;
  return {
    length: ways.length,
    current: () => ways[at] as Way,
    failed(way, err) {
      if (!(err instanceof Error)) return false;
      if (SAME_EVERYWHERE.has(String((err as { code?: unknown }).code))) return false;
      const tried = ways.indexOf(way);
      const next = (tried + 1) % ways.length;
      const isSameServer = ways[next]?.server === way.server && ways[next]?.kind === way.kind;
      // Another connection may have moved on already.
      if (at === tried) at = isSameServer && !isAboutTls(err) ? (next + 1) % ways.length : next;
      return at !== tried;
    },
  };
}

const CHECKS: Readonly<Record<Way['kind'], string | undefined>> = {
  any: undefined,
  'read-write': `current_setting('transaction_read_only') = 'off' and not pg_is_in_recovery()`,
  'read-only': `current_setting('transaction_read_only') = 'on' or pg_is_in_recovery()`,
  primary: 'not pg_is_in_recovery()',
  standby: 'pg_is_in_recovery()',
};

/** @throws when the server at the other end is not of the kind that the URL asks for */
export async function checkKind(client: pg.ClientBase, { kind }: Way): Promise<void> {
  const check = CHECKS[kind];
  if (check === undefined) return;
  const { rows } = await client.query<{ fits: boolean }>(`select ${check} as fits`);
  if (rows[0]?.fits !== true) throw new WrongKind(kind);
}
