// Personal skills: texts kept byte for byte, limits, conflicts, and who may do what.
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseInstant } from '../../src/clock.ts';
import { auditLogs } from '../../src/store/schema.ts';
import { userSkills } from '../../src/store/schema-belongings.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

let t: TestApp;
beforeAll(async () => {
  t = await startApp();
});

const path = (user: string, name = '') => `/api/experimental/users/${user}/skills${name && `/${name}`}`;
const text = (name: string, body = 'Do it.') => `---\nname: ${name}\ndescription: about ${name}\n---\n${body}`;
const create = (user: TestUser, content: string) => user.client.post(path('me'), { content });
const stored = (user: TestUser) => t.db.select().from(userSkills).where(eq(userSkills.userId, user.id));

describe('POST /users/{user}/skills', () => {
  test('takes name and description from the front matter and keeps the text byte for byte', async () => {
    const user = await aUser(t);
    const content = `\ufeff---\r\nname: n # a comment\r\n---\r\n<!-- x -->\ttext \r\n\n`;
    const answer = await create(user, content);
    expect([answer.status, answer.body.name, answer.body.content]).toEqual([201, 'n', content]);
    expect((await user.client.get(path('me', 'n'))).body).toEqual(answer.body);
    expect(await stored(user)).toMatchObject([{ content, description: '' }]);
  });

  test.each([
    [{}, 'Invalid skill content.'],
    [{ content: null }, 'Invalid skill content.'],
    [{ content: 5 }, 'Request body must be valid JSON.'],
    [{ content: text('A') }, 'Invalid skill name.'],
    [{ content: text('a', '\u0000') }, 'Validation failed.'],
    ['', 'Request body must be valid JSON.'],
  ])('%j is refused: %s', async (body, message) => {
    const user = await aUser(t);
    const answer = await user.client.post(path('me'), body);
    expect([answer.status, answer.body.message]).toEqual([400, message]);
    expect(await stored(user)).toEqual([]);
  });

  test('the largest text fits, whatever way its JSON is written', async () => {
    const user = await aUser(t);
    const content = text('big', '');
    const rest = 65_536 - content.length;
    const written = JSON.stringify({ content }).replace('"}', `${'\\u0078'.repeat(rest)}"}`);
    expect(written.length).toBeGreaterThan(390_000);
    expect((await user.client.post(path('me'), written)).status).toBe(201);
    expect((await stored(user))[0]?.content).toHaveLength(65_536);
  });

  test('a request of more than 394240 bytes is refused unread, one of exactly as many is read', async () => {
    const user = await aUser(t);
    const body = JSON.stringify({ content: text('padded') });
    const padded = (bytes: number) => body + ' '.repeat(bytes - body.length);
    const answer = await user.client.post(path('me'), padded(394_241));
    expect([answer.status, answer.body.message]).toEqual([400, 'Request body must be valid JSON.']);
    expect((await user.client.post(path('me'), padded(394_240))).status).toBe(201);
    expect((await user.client.patch(path('me', 'padded'), padded(394_241))).status).toBe(400);
    expect((await user.client.post(path('me'), 'x'.repeat(5_000_000))).status).toBe(400);
  });

  test('of several with one name at once exactly one is stored', async () => {
    const user = await aUser(t);
    const answers = await Promise.all(Array.from({ length: 5 }, () => create(user, text('same'))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const conflict = answers.find(({ status }) => status === 409);
    expect(conflict?.body).toEqual({
      message: 'A skill with that name already exists.',
      detail: 'The name "same" is in use.',
    });
  });

  test('a user has at most 100, also when many come at once; the limit is told before a taken name', async () => {
    const user = await aUser(t);
    for (let n = 1; n <= 97; n++) expect((await create(user, text(`s${n}`))).status).toBe(201);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => create(user, text(`more-${n}`))));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(await stored(user)).toHaveLength(100);
    const answer = await create(user, text('s1'));
    expect([answer.status, answer.body.message]).toEqual([409, 'Personal skill limit reached.']);
  });
});

describe('PATCH /users/{user}/skills/{name}', () => {
  test('replaces the whole text and moves updated_at', async () => {
    const user = await aUser(t);
    const { body: before } = await create(user, text('n'));
    t.clock.advance(5_000_000);
    const content = '---\nname: n\n---\nOther.';
    const { body: after } = await user.client.patch(path('me', 'n'), { content });
    expect(after).toEqual({ ...before, description: '', content, updated_at: after.updated_at });
    expect(parseInstant(after.updated_at)).toBeGreaterThan(parseInstant(before.updated_at));
  });

  test('the name stays', async () => {
    const user = await aUser(t);
    await create(user, text('n'));
    const answer = await user.client.patch(path('me', 'n'), { content: text('m') });
    expect(answer.body).toEqual({
      message: 'Skill name in path does not match frontmatter name.',
      detail: 'path has "n", frontmatter has "m"',
    });
    expect(answer.status).toBe(400);
  });
});

describe('who may do what', () => {
  const attempts = (client: TestUser['client'], user: string, name: string) =>
    Promise.all([
      client.get(path(user)),
      client.get(path(user, name)),
      client.post(path(user), { content: text('planted') }),
      client.patch(path(user, name), { content: text(name) }),
    ]).then((answers) => answers.map(({ status }) => status));

  test('an owner reads and deletes, but writes nothing', async () => {
    const user = await aUser(t);
    await create(user, text('n'));
    expect(await attempts(t.owner, user.username, 'n')).toEqual([200, 200, 403, 403]);
    expect(await attempts(t.owner, user.username, 'missing')).toEqual([200, 404, 403, 404]);
    expect((await t.owner.delete(path(user.username, 'n'))).status).toBe(204);
    expect((await t.owner.delete(path(user.username, 'n'))).status).toBe(404);
  });

  test.each(['user-admin', 'auditor', 'template-admin'])(
    'a %s sees none, and cannot tell which exist',
    async (role) => {
      const [user, caller] = [await aUser(t), await aUser(t, { roles: [role] })];
      await create(user, text('n'));
      for (const name of ['n', 'missing']) {
        expect(await attempts(caller.client, user.username, name)).toEqual([404, 404, 403, 403]);
        expect((await caller.client.delete(path(user.username, name))).status).toBe(404);
      }
      expect(await stored(user)).toMatchObject([{ content: text('n') }]);
    },
  );

  test('a member cannot see that the user exists', async () => {
    const [user, caller] = [await aUser(t), await aUser(t)];
    await create(user, text('n'));
    expect(await attempts(caller.client, user.username, 'n')).toEqual([404, 404, 404, 404]);
  });

  test('a text is judged before the permission is looked at', async () => {
    const user = await aUser(t);
    expect((await t.owner.post(path(user.username), { content: 'x' })).status).toBe(400);
  });

  test('a deleted user has none, and gets none', async () => {
    const user = await aUser(t);
    await create(user, text('n'));
    await t.owner.delete(`/api/v2/users/${user.id}`);
    expect((await t.owner.get(path(user.id))).body).toEqual([]);
    expect((await t.owner.get(path(user.id, 'n'))).status).toBe(404);
    expect((await t.owner.post(path(user.id), { content: text('n') })).status).toBe(404);
    expect((await t.owner.delete(path(user.id, 'n'))).status).toBe(404);
  });

  test('without a session nothing is told', async () => {
    expect((await t.anonymous.get(path('owner'))).status).toBe(401);
    expect((await t.anonymous.post(path('owner'), { content: 'x' })).status).toBe(401);
  });
});

test('GET lists by name, byte by byte, without texts', async () => {
  const user = await aUser(t);
  for (const name of ['b', 'a-b', 'a', 'c9', 'c10', 'ab']) await create(user, text(name));
  const { body } = await user.client.get(path('me'));
  expect(body.map((skill: { name: string }) => skill.name)).toEqual(['a', 'a-b', 'ab', 'b', 'c10', 'c9']);
  expect(body[0]).toEqual({ ...body[0], name: 'a', description: 'about a' });
  expect(Object.keys(body[0])).toEqual(['id', 'name', 'description', 'created_at', 'updated_at']);
});

test('the audit log says what each change did', async () => {
  const user = await aUser(t);
  const { body } = await create(user, text('n', 'hunter2'));
  await user.client.patch(path('me', 'n'), { content: '---\nname: n\n---\nhunter3' });
  await t.owner.delete(path(user.username, 'n'));
  const entries = await t.db.select().from(auditLogs).where(eq(auditLogs.resourceId, body.id)).orderBy(auditLogs.time);
  expect(entries.map(({ action, userId }) => [action, userId])).toEqual([
    ['create', user.id],
    ['write', user.id],
    ['delete', t.ownerId],
  ]);
  expect(entries[1]?.diff).toEqual({
    description: { old: 'about n', new: '', secret: false },
    content: { old: text('n', 'hunter2'), new: '---\nname: n\n---\nhunter3', secret: false },
  });
});
