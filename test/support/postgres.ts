// Databases for test files: a clone of the migrated template, or an empty one. All are dropped when the run ends.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { withClient } from '../../src/postgres/client.ts';
import { urlOf } from './postgres-server.ts';

async function create(template: string, options = ''): Promise<{ url: string }> {
  const { adminUrl, prefix } = inject('postgres');
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await withClient(adminUrl, (client) => client.query(`create database ${name} template ${template} ${options}`));
  return { url: urlOf(adminUrl, name) };
}

/** A fresh database with the current schema and its first rows. */
export function cloneDatabase(): Promise<{ url: string }> {
  return create(inject('postgres').template);
}

/** A database without anything in it, whose text follows the rules of a language if `icuLocale` names one. */
export function emptyDatabase({ icuLocale }: { icuLocale?: string } = {}): Promise<{ url: string }> {
  return create('template0', icuLocale && `locale_provider icu icu_locale '${icuLocale}'`);
}

/** A database without anything in it, whose locale C knows the case of no letters but A-Z. */
export async function databaseWithLocaleC(): Promise<{ url: string }> {
  const { rows } = await withClient(inject('postgres').adminUrl, (client) => client.query('show server_version_num'));
  const provider = Number(rows[0].server_version_num) >= 150_000 ? 'locale_provider libc' : '';
  return create('template0', `encoding 'UTF8' ${provider} lc_collate 'C' lc_ctype 'C'`);
}
