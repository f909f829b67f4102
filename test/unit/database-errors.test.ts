// Errors of the database: what they mean to a caller, and what the log may show of them.
import { DrizzleQueryError } from 'drizzle-orm/errors';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/errors.ts';
import { loggableError } from '../../src/log.ts';
import { retrySerializable } from '../../src/store/db.ts';
import {
  databaseTrouble,
  isUnique,
  NoConnection,
  OutOfService,
  pgErrorCode,
  type Trouble,
} from '../../src/store/errors.ts';

function postgresError(code: string, fields: Partial<pg.DatabaseError> = {}): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(`error ${code}`, 0, 'error'), { code, ...fields });
}
const systemError = (code: string, syscall = 'connect') =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
const fromDrizzle = (cause: Error) => new DrizzleQueryError('insert into t values ($1)', ['the-secret'], cause);

const violation = postgresError('23505', {
  constraint: 'users_username',
  detail: 'Key (email)=(kim@example.com) already exists.',
});

test('a unique violation is recognised by the name of its constraint, wrapped or not', () => {
  for (const err of [violation, fromDrizzle(violation)]) {
    expect(isUnique(err, 'users_username')).toBe(true);
    expect(isUnique(err, 'users_email')).toBe(false);
    expect(pgErrorCode(err)).toBe('23505');
  }
  expect(isUnique(postgresError('23503', { constraint: 'users_username' }), 'users_username')).toBe(false);
});

test.each([
  ['a failed statement', fromDrizzle(violation)],
  ['a refusal caused by it', new ApiError(500, 'no', { cause: fromDrizzle(violation) })],
])('the log shows of %s neither SQL nor parameters nor rows', (_, err) => {
  const shown = JSON.stringify(loggableError(err));
  expect(shown).toContain('error 23505');
  expect(shown).toContain('users_username');
  expect(shown).toContain('database-errors.test.ts');
  for (const secret of ['the-secret', 'insert into', 'kim@example.com']) expect(shown).not.toContain(secret);
});

describe('why the database does not serve', () => {
  test.each<[string, Error, Trouble]>([
    ['Postgres stops', postgresError('57P01'), 'unreachable'],
    ['Postgres starts', postgresError('57P03'), 'unreachable'],
    ['too many connections', postgresError('53300'), 'unreachable'],
    ['a broken connection', postgresError('08006'), 'unreachable'],
    ['a statement that took too long', postgresError('57014'), 'too slow'],
    ['nothing listens', systemError('ECONNREFUSED'), 'unreachable'],
    ['no socket', systemError('ENOENT'), 'unreachable'],
    ['a reset', systemError('ECONNRESET', 'read'), 'unreachable'],
    ['a full pool', new Error('timeout exceeded when trying to connect'), 'too slow'],
    ['a lost connection', new Error('Connection terminated unexpectedly'), 'unreachable'],
    ['a lock that others hold', postgresError('55P03'), 'too slow'],
    ['an answer that never came', new Error('Query read timeout'), 'too slow'],
    ['lost against another transaction', postgresError('40P01'), 'too slow'],
    ['a standby', postgresError('25006'), 'read-only'],
    ['a full disk', postgresError('53100'), 'out of space'],
    ['a password that is right no more', new NoConnection(postgresError('28P01')), 'unreachable'],
    ['a certificate that ran out', new NoConnection(systemError('CERT_HAS_EXPIRED', 'tls')), 'unreachable'],
    ['no free connection', new NoConnection(new Error('timeout exceeded when trying to connect')), 'too slow'],
    ['known without a failure', new OutOfService('read-only'), 'read-only'],
  ])('%s', (_, err, trouble) => {
    expect(databaseTrouble(err)).toBe(trouble);
    expect(databaseTrouble(fromDrizzle(err))).toBe(trouble);
  });

  test.each([
    ['a violated constraint', violation],
    ['bad SQL', postgresError('42601')],
    ['a missing file', systemError('ENOENT', 'open')],
    ['any other error', new Error('oops')],
    ['another service that cannot be reached', new TypeError('fetch failed', { cause: systemError('ECONNREFUSED') })],
    ['no error at all', undefined],
  ])('%s: none of that', (_, err) => {
    expect(databaseTrouble(err)).toBeUndefined();
  });
});

describe('retrySerializable', () => {
  test.each(['40001', '40P01'])('runs the work again after %s', async (code) => {
    let runs = 0;
    const result = await retrySerializable(async () => {
      runs += 1;
      if (runs < 3) throw fromDrizzle(postgresError(code));
      return 'done';
    });
    expect([result, runs]).toEqual(['done', 3]);
  });

  test('gives up after the last attempt, and at once on any other error', async () => {
    let runs = 0;
    const losing = (code: string) => () => {
      runs += 1;
      return Promise.reject(postgresError(code));
    };
    await expect(retrySerializable(losing('40001'), 3)).rejects.toMatchObject({ code: '40001' });
    expect(runs).toBe(3);
    runs = 0;
    await expect(retrySerializable(losing('23505'), 3)).rejects.toMatchObject({ code: '23505' });
    expect(runs).toBe(1);
  });
});
