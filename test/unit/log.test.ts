// What the log shows of whatever was thrown: readable, with its causes, without secrets.
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/errors.ts';
import { loggableError, logSerializers } from '../../src/log.ts';

const shown = (thrown: unknown) => JSON.stringify(loggableError(thrown));
const refused = (address: string) =>
  Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });

describe('an error in the log', () => {
  test('has type, message, code, stack and its causes, the innermost too', () => {
    const error = new ApiError(502, 'outer', { cause: new TypeError('middle', { cause: refused('127.0.0.1:1') }) });
    expect(loggableError(error)).toMatchObject({
      type: 'ApiError',
      message: 'outer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { type: 'TypeError', message: 'middle', cause: { code: 'ECONNREFUSED' } },
    });
  });

  test('that stands for several shows them, and has words although it has none of its own', () => {
    const both = new AggregateError([refused('::1:5432'), refused('127.0.0.1:5432')]);
    expect(loggableError(both)).toMatchObject({
      message: 'connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
      errors: [{ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }],
    });
  });

  test('may be its own cause', () => {
    const error = new Error('round and round');
    error.cause = error;
    expect(shown(error)).toContain('round and round');
  });

  test.each<[string, unknown, string]>([
    ['a text', 'plain words', 'plain words'],
    ['a number', 42, '42'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object with a message', { message: 'words', code: 'E1' }, 'words'],
    ['an object without', { status: 500, reason: 'x' }, 'status, reason'],
    ['an object without a prototype', Object.assign(Object.create(null), { why: 1 }), 'why'],
    ['an empty object', {}, 'no fields'],
    ['a function', () => 1, '=>'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    [
      'an object that cannot be read',
      new Proxy(
        {},
        {
          get() {
            throw new Error('no');
          },
        },
      ),
      'cannot be read',
    ],
  ])('%s is readable', (_, thrown, words) => {
    expect(shown(thrown)).toContain(words);
    expect(shown(thrown)).not.toContain('[object');
  });

  test('goes through the logger once and twice alike', () => {
    const lines: { err: Record<string, string> }[] = [];
    const log = pino({ serializers: logSerializers }, { write: (line) => void lines.push(JSON.parse(line)) });
    log.error({ err: refused('127.0.0.1:1') }, 'once');
    log.error({ err: loggableError(refused('127.0.0.1:1')) }, 'twice');
    for (const { err } of lines) {
      expect(err).toMatchObject({ type: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' });
      expect(err.stack).toContain('log.test.ts');
    }
  });

  test.each([
    ['the password of a database', 'cannot use postgres://kim:s3cret/p@ss@db/coder', 's3cret'],
    ['the password of a relay', 'smtps://kim:s3cret@relay.test:465 refused', 's3cret'],
    ['a session key', 'bad key abcdefghij-0123456789abcdefghijkl', '0123456789'],
  ])('does not show %s', (_, words, secret) => {
    expect(shown(new Error(words))).not.toContain(secret);
    expect(shown({ message: words })).not.toContain(secret);
    expect(shown(words)).not.toContain(secret);
  });

  test('shows no value of an object but the words that are meant to be read', () => {
    expect(shown({ message: 'x', password: 's3cret', config: { token: 's3cret' } })).not.toContain('s3cret');
  });
});
