// What a refused request must leave behind: nothing. All tables are compared before and after, whatever a test is about.
import type pg from 'pg';
import { pino } from 'pino';
import { connect } from '../../src/store/db.ts';

/**
 * Columns that any request with a good key may write, refused or not: when user and key were last seen, from where, and
 * when the key ends, as long as that moves on (below).
 */
const BOOKKEEPING: Record<string, string[]> = {
  users: ['last_seen_at', 'updated_at'],
  api_keys: ['last_used', 'ip_address', 'expires_at'],
};

/**
 * What may change during a refusal: a login that is refused has still spent its state (docs/differences.md 28), and
 * messages that were queued before are delivered meanwhile. Of the queue itself only the number of messages counts.
 */
const WRITTEN_BY_REFUSALS = new Set(['spent_states', 'inbox_notifications']);

interface Fingerprint {
  /** For each table how many rows it has and one number for their contents; and how many mails were sent. */
  readonly marks: ReadonlyMap<string, string>;
  /** When each key ends, in seconds. */
  readonly ends: Readonly<Record<string, number>>;
}

/** The statement that takes a fingerprint. Of the audit log, entries about refusals may come (docs/differences.md 32). */
async function statement(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace group by c.relname`,
  );
  const judged = rows.filter(({ name }) => !WRITTEN_BY_REFUSALS.has(name));
  const marks = judged.map(({ name, columns }) => {
    if (name === 'audit_logs') return `select '${name}', count(*)::text from "${name}" where status_code < 400`;
    if (name === 'notification_messages') return `select '${name}', count(*)::text from "${name}"`;
    const kept = columns.filter((column) => !BOOKKEEPING[name]?.includes(column)).map((column) => `t."${column}"`);
    const contents = `coalesce(sum(hashtextextended(row(${kept.join(', ')})::text, 0)), 0)`;
    return `select '${name}', count(*) || ':' || ${contents} from "${name}" t`;
  });
  return `select jsonb_object_agg(marks.name, marks.mark) as marks,
    (select coalesce(jsonb_object_agg(id, extract(epoch from expires_at)), '{}') from api_keys) as ends
    from (${marks.join(' union all ')}) marks(name, mark)`;
}

/** What differs, by the names of tables. */
function changes(before: Fingerprint, after: Fingerprint): string[] {
  const tables = [...after.marks].filter(([name, mark]) => before.marks.get(name) !== mark).map(([name]) => name);
  const cut = Object.entries(before.ends).filter(([id, end]) => (after.ends[id] ?? end) < end);
  return [...tables, ...cut.map(([id]) => `the end of key ${id}`)];
}

/** Does what it is told and throws when the answer is a refusal (400 or more) that changed a row or sent a mail. */
export type Watch = <T extends { statusCode: number }>(request: string, send: () => Promise<T>) => Promise<T>;

/**
 * Watches one database. Requests that overlap are not judged, for nobody can tell whose change it was: tests of races look
 * for themselves.
 */
export function watchRefusals(url: string, mails: { length: number }): { watch: Watch; end: () => Promise<void> } {
  const { pool } = connect({ url, pooled: false }, pino({ level: 'silent' }));
  let text: Promise<string> | undefined;

  /** Undefined while the database cannot be asked: a test about outages may cause that. */
  async function take(): Promise<Fingerprint | undefined> {
    try {
      text ??= statement(pool);
      const { rows } = await pool.query({ name: 'fingerprint', text: await text });
      const { marks, ends } = rows[0];
      return { marks: new Map([...Object.entries<string>(marks), ['mails', String(mails.length)]]), ends };
    } catch {
      text = undefined;
      return undefined;
    }
  }

  let underWay = 0;
  let begun = 0;
  const watch: Watch = async (request, send) => {
    underWay += 1;
    begun += 1;
    const mine = begun;
    try {
      const before = underWay === 1 ? await take() : undefined;
      const answer = await send();
      if (answer.statusCode < 400 || before === undefined || begun !== mine) return answer;
      const after = await take();
      if (after === undefined || begun !== mine) return answer;
      const changed = changes(before, after).join(', ');
      if (changed !== '') throw new Error(`${request} answered ${answer.statusCode} but changed ${changed}`);
      return answer;
    } finally {
      underWay -= 1;
    }
  };
  return { watch, end: () => pool.end() };
}
