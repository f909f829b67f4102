// The database: whether it can be reached, written and migrated, and what is in it. Nothing is written, nothing started.
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { hasEmbeddedDatabase, runningEmbeddedUrl } from '../../embedded-postgres/supervisor.ts';
import { withClient } from '../../postgres/client.ts';
import { missingGrants } from '../../postgres/grants.ts';
import { waitForDatabase } from '../../postgres/wait.ts';
import { StartError } from '../../start-error.ts';
import { appliedMigrations, findJournal, knownMigrations, versionText } from '../../store/migrate.ts';
import { ourTables } from '../database.ts';
import { sizeText } from '../progress.ts';
import { clockFinding, type Finding, failure, ok, reasonOf, warning } from './finding.ts';

const TOPIC = 'database';

interface Facts {
  readonly version: string;
  readonly standby: boolean;
  readonly read_only: boolean;
  readonly size: string;
  /** Seconds since 1970. */
  readonly now: string;
}

const FACTS = `select current_setting('server_version') as version, pg_is_in_recovery() as standby,
  current_setting('default_transaction_read_only') = 'on' as read_only,
  pg_database_size(current_database()) as size, extract(epoch from clock_timestamp()) as now`;

function schemaFinding(applied: number[]): Finding {
  const known = knownMigrations().map(({ folderMillis }) => folderMillis);
  if (applied.some((stamp) => !known.includes(stamp)))
    return failure(
      TOPIC,
      `its schema is ${versionText(applied)}, made by a newer program; this one knows ${versionText(known)}`,
      'Use the newer program, or restore a backup that was made before the upgrade.',
    );
  if (applied.length === 0) return ok(TOPIC, 'it is empty: the first start makes the tables');
  const missing = known.length - applied.length;
  if (missing === 0) return ok(TOPIC, `its schema is ${versionText(applied)}, up to date`);
  return ok(TOPIC, `its schema is ${versionText(applied)}: the next start applies ${missing} migrations`);
}

/** The schema, and whether the role may do what serving and, where something is missing, migrating takes. */
async function rights(url: string, directUrl: string): Promise<Finding[]> {
  const applied = await withClient(directUrl, async (client) => appliedMigrations(client, await findJournal(client)));
  const schema = schemaFinding(applied);
  const isCurrent = applied.length === knownMigrations().length;
  const grants = [
    ...(isCurrent || schema.state === 'failure' ? [] : await missingGrants(directUrl, 'migrate', ourTables())),
    ...(applied.length === 0 ? [] : await missingGrants(url, 'serve', ourTables())),
  ];
  const lacking =
    grants.length === 0
      ? ok(TOPIC, 'its role has the rights that it needs')
      : failure(
          TOPIC,
          'its role lacks rights',
          `As an administrator of the database: ${[...new Set(grants)].join(' ')}`,
        );
  return [schema, lacking];
}

async function look(url: string, directUrl: string, pooled: boolean, isExternal: boolean): Promise<Finding[]> {
  const before = Date.now();
  const facts = await withClient(url, async (client) => (await client.query<Facts>(FACTS)).rows[0]);
  const middle = (before + Date.now()) / 2000;
  if (facts === undefined) return [];
  const found = [ok(TOPIC, `PostgreSQL ${facts.version} answers; ${sizeText(Number(facts.size))}, UTF8`)];
  if (facts.standby || facts.read_only)
    found.push(
      failure(
        TOPIC,
        facts.standby ? 'it is a standby: nothing can be written' : 'it is read-only: nothing can be written',
        facts.standby
          ? 'Name all servers and target_session_attrs=read-write in CODER_PG_CONNECTION_URL.'
          : 'Set default_transaction_read_only to off for the role or the database.',
      ),
    );
  if (isExternal) found.push(clockFinding(TOPIC, 'the database', Number(facts.now) - middle));
  if (pooled)
    found.push(
      url === directUrl
        ? warning(
            TOPIC,
            'a pooler that hands out connections by transaction stands before it; migrations and backups go through it, too',
            'Set CODER_PG_DIRECT_CONNECTION_URL to the database itself.',
          )
        : ok(TOPIC, 'a pooler stands before it; migrations and backups go past it'),
    );
  return [...found, ...(await rights(url, directUrl))];
}

export interface Seen {
  readonly findings: Finding[];
  /** Where more can be looked up; undefined when there is no database to ask. */
  readonly url: string | undefined;
}

const unusable = (err: unknown) =>
  failure(
    TOPIC,
    reasonOf(err),
    'See that it runs, that its address, name and password are right, and that nothing is between.',
  );

async function external(config: Config, url: string, log: Logger): Promise<Seen> {
  const { directUrl } = config.postgres;
  try {
    const target = await waitForDatabase({ url, ...(directUrl !== undefined && { directUrl }) }, log, 0);
    return { findings: await look(url, directUrl ?? url, target.pooled, true), url: directUrl ?? url };
  } catch (err) {
    return { findings: [unusable(err)], url: undefined };
  }
}

/** The database of these settings, or the embedded one if a server runs it. */
export async function checkDatabase(config: Config, log: Logger): Promise<Seen> {
  const { url, dataDir } = config.postgres;
  if (url !== undefined) return external(config, url, log);
  const folder = resolve(dataDir);
  try {
    const running = await runningEmbeddedUrl(dataDir);
    if (running !== undefined) return { findings: await look(running, running, false, false), url: running };
  } catch (err) {
    if (err instanceof StartError)
      return {
        findings: [warning(TOPIC, reasonOf(err), 'Run this under the account of the server.')],
        url: undefined,
      };
    return { findings: [unusable(err)], url: undefined };
  }
  const text = hasEmbeddedDatabase(dataDir)
    ? `the embedded one in ${folder} is not running, so it was not looked into`
    : `there is none in ${folder} yet: the first start makes one`;
  return { findings: [ok(TOPIC, text)], url: undefined };
}
