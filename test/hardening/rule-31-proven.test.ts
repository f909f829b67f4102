// Rule 31: a new address is proven. One's own counts only when the link that is mailed there was opened and confirmed.
import { and, desc, eq } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../src/clock.ts';
import { auditLogs, users } from '../../src/store/schema.ts';
import { emailChanges } from '../../src/store/schema-mails.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { aName, aUser, type TestUser } from '../support/factories.ts';
import { PageVisitor } from '../support/pages.ts';

const OTHER = 'AnotherSecurePassword!';

let t: TestApp;
const lines: string[] = [];
beforeAll(async () => {
  t = await startApp({ onLog: (line) => lines.push(JSON.stringify(line)) });
});

const anAddress = () => `${aName('new')}@example.org`;
const ask = (user: TestUser, email: string, app = t) =>
  app.as(user.token).put('/api/v2/users/me/email', { email, password: user.password });
const login = (email: string, password = PASSWORD) => t.anonymous.post('/api/v2/users/login', { email, password });
const addressOf = async ({ id }: { id: string }) => (await t.owner.get(`/api/v2/users/${id}`)).body.email;
const mailsTo = (email: string) => t.mails.filter((mail) => mail.to === email);

/** The path of the link that was last mailed to an address. */
function linkTo(email: string): string {
  const link = /http:\/\/\S+(\/confirm-email\?\S+)/.exec(mailsTo(email).at(-1)?.text ?? '')?.[1];
  if (link === undefined) throw new Error(`no link was mailed to ${email}`);
  return link;
}

/** Opens a link as a person does, in a browser that is not signed in, and presses the button. */
async function confirm(link: string) {
  const visitor = new PageVisitor(t.app);
  expect((await visitor.get(link)).status).toBe(200);
  return visitor.submit('/confirm-email');
}

/** Somebody who asked for an address, and the link that was mailed. */
async function aWish(): Promise<{ user: TestUser; email: string; link: string }> {
  const user = await aUser(t);
  const email = anAddress();
  expect((await ask(user, email)).status).toBe(202);
  return { user, email, link: linkTo(email) };
}

/** A refused link changes nothing, and says so. */
async function expectVoid(user: { id: string }, link: string, email?: string) {
  const before = await addressOf(user);
  const page = await confirm(link);
  expect(page.status).toBe(400);
  expect(page.text).toContain('This link is not valid any more.');
  expect(await addressOf(user)).toBe(email ?? before);
}

describe('the own address', () => {
  test('is the old one until the link is confirmed, then the new one, which the old one is told', async () => {
    const user = await aUser(t, { name: 'Ada' });
    const email = anAddress();
    t.mails.length = 0;
    const answer = await ask(user, email);
    expect([answer.status, answer.body]).toEqual([
      202,
      { message: `A link was mailed to ${email}. The address changes when it is opened.` },
    ]);
    expect(t.mails.map(({ to }) => to)).toEqual([email]);
    expect(t.mails[0]?.text).toContain(
      `The account ${user.username} at ${t.config.accessUrl} is to have this address.`,
    );
    expect(await addressOf(user)).toBe(user.email);
    expect((await login(email)).status).toBe(401);
    const page = await confirm(linkTo(email));
    expect([page.status, page.headers.location]).toEqual([303, expect.stringContaining('/login?message=')]);
    expect(await addressOf(user)).toBe(email);
    expect((await login(email)).status).toBe(201);
    expect((await login(user.email)).status).toBe(401);
    expect(t.mails.map(({ to, subject }) => [to, subject]).slice(1)).toEqual([
      [user.email, 'The e-mail address of your Coder account has changed'],
    ]);
    const [entry] = await t.db
      .select()
      .from(auditLogs)
      .where(and(eq(auditLogs.resourceId, user.id), eq(auditLogs.resourceType, 'user')))
      .orderBy(desc(auditLogs.time))
      .limit(1);
    expect(entry).toMatchObject({ userId: user.id, action: 'write', statusCode: 200 });
    expect(entry?.diff).toEqual({ email: { old: user.email, new: email, secret: false } });
    // The session goes on.
    expect((await user.client.get('/api/v2/users/me')).body.email).toBe(email);
  });

  test('does not change when programs open the link', async () => {
    const { user, email, link } = await aWish();
    for (const method of ['GET', 'HEAD', 'GET'] as const) {
      expect((await t.anonymous.send(method, link)).status).toBe(200);
    }
    expect(await addressOf(user)).toBe(user.email);
    const forged = await new PageVisitor(t.app).post('/confirm-email', { token: link.split('token=')[1] ?? '' });
    expect(forged.status).toBe(400);
    expect(await addressOf(user)).toBe(user.email);
    await confirm(link);
    expect(await addressOf(user)).toBe(email);
  });

  test('an owner proves it, too', async () => {
    const owner = await aUser(t, { roles: ['owner'] });
    const email = anAddress();
    expect((await ask(owner, email)).status).toBe(202);
    expect(await addressOf(owner)).toBe(owner.email);
  });
});

describe('a link', () => {
  test('works once, of two clicks at once too', async () => {
    const { user, email, link } = await aWish();
    const pages = await Promise.all([confirm(link), confirm(link)]);
    expect(pages.map(({ status }) => status).sort()).toEqual([303, 400]);
    expect(mailsTo(user.email)).toHaveLength(1);
    await expectVoid(user, link, email);
  });

  test('works for an hour', async () => {
    const { user, link } = await aWish();
    t.clock.advance(HOUR + MINUTE);
    await expectVoid(user, link);
    const again = await aWish();
    t.clock.advance(HOUR - MINUTE);
    expect((await confirm(again.link)).status).toBe(303);
  });

  test('is void when another one is asked for', async () => {
    const { user, link } = await aWish();
    t.clock.advance(2 * MINUTE);
    const email = anAddress();
    await ask(user, email);
    await expectVoid(user, link);
    expect((await confirm(linkTo(email))).status).toBe(303);
  });

  const events: [string, (user: TestUser) => Promise<unknown>][] = [
    [
      'the password is changed',
      ({ client }) => client.put('/api/v2/users/me/password', { old_password: PASSWORD, password: OTHER }),
    ],
    [
      'an administrator sets the password',
      ({ id }) => t.owner.put(`/api/v2/users/${id}/password`, { password: OTHER }),
    ],
    [
      'the password is reset by mail',
      async ({ email }) => {
        await t.anonymous.post('/api/v2/users/otp/request', { email });
        const code = /otp=([0-9a-f-]+)/.exec(mailsTo(email).at(-1)?.text ?? '')?.[1];
        return t.anonymous.post('/api/v2/users/otp/change-password', {
          email,
          one_time_passcode: code,
          password: OTHER,
        });
      },
    ],
    [
      'an administrator changes the address',
      ({ id }) => t.owner.put(`/api/v2/users/${id}/email`, { email: anAddress() }),
    ],
    ['the account is suspended', ({ id }) => t.owner.put(`/api/v2/users/${id}/status/suspend`)],
    ['the account is deleted', ({ id }) => t.owner.delete(`/api/v2/users/${id}`)],
    [
      'the account signs in otherwise',
      ({ id }) => t.db.update(users).set({ loginType: 'oidc', hashedPassword: '' }).where(eq(users.id, id)),
    ],
  ];
  test.each(events)('is void when %s', async (_, happen) => {
    const { user, link } = await aWish();
    await happen(user);
    await expectVoid(user, link);
  });

  test('is bound to its account, and is kept as a hash only', async () => {
    const [mine, other] = [await aWish(), await aWish()];
    expect((await confirm(mine.link)).status).toBe(303);
    expect(await addressOf(other.user)).toBe(other.user.email);
    const token = other.link.split('token=')[1] ?? '';
    expect(token).toMatch(/^[0-9A-Za-z]{43}$/);
    const stored = JSON.stringify([
      await t.db.select().from(emailChanges),
      await t.db.select().from(auditLogs),
      (await t.db.select().from(emailChanges)).map(({ tokenHash }) => tokenHash.toString('latin1')),
    ]);
    expect(stored).not.toContain(token);
    expect(lines.join()).not.toContain(token);
  });

  test.each([
    ['nothing', ''],
    ['a letter', 'x'],
    ['one that nobody got', '0'.repeat(43)],
    ['U+0000', '\u0000'],
    ['a long one', 'a'.repeat(10_000)],
  ])('with %s is none', async (_, token) => {
    const visitor = new PageVisitor(t.app);
    await visitor.get('/confirm-email');
    expect((await visitor.submit('/confirm-email', { token })).status).toBe(400);
  });

  test('and a new password at once: the address never changes after the password has', async () => {
    for (let round = 0; round < 5; round++) {
      const { user, email, link } = await aWish();
      const visitor = new PageVisitor(t.app);
      await visitor.get(link);
      const [page, changed] = await Promise.all([
        visitor.submit('/confirm-email'),
        t.owner.put(`/api/v2/users/${user.id}/password`, { password: OTHER }),
      ]);
      expect(changed.status).toBe(204);
      expect(await addressOf(user)).toBe(page.status === 303 ? email : user.email);
      await expectVoid(user, link);
    }
  });
});

describe('a taken address', () => {
  test('is told to whoever can read its mail, and to nobody else', async () => {
    const [user, holder] = [await aUser(t), await aUser(t)];
    const free = anAddress();
    const answers = [await ask(user, holder.email.toUpperCase())];
    t.clock.advance(2 * MINUTE);
    answers.push(await ask(user, free));
    const [taken, untaken] = answers.map(({ status, text }) => [status, text.replace(/mailed to \S+/, '')]);
    expect(taken).toEqual(untaken);
    t.clock.advance(2 * MINUTE);
    await ask(user, holder.email.toUpperCase());
    const link = linkTo(holder.email.toUpperCase());
    const page = await confirm(link);
    expect(page.status).toBe(409);
    expect(page.text).toContain('already in use');
    expect([await addressOf(user), await addressOf(holder)]).toEqual([user.email, holder.email]);
    await t.owner.delete(`/api/v2/users/${holder.id}`);
    expect((await confirm(link)).status).toBe(303);
  });

  test('is had by one of two who confirm it at once', async () => {
    const [one, two] = [await aUser(t), await aUser(t)];
    const email = anAddress();
    await ask(one, email);
    const first = linkTo(email);
    await ask(two, email);
    const pages = await Promise.all([confirm(first), confirm(linkTo(email))]);
    expect(pages.map(({ status }) => status).sort()).toEqual([303, 409]);
    expect([await addressOf(one), await addressOf(two)].filter((address) => address === email)).toHaveLength(1);
  });
});

test('nobody fills a mailbox: a mail a minute, five an hour, and what was sent stays good', async () => {
  const user = await aUser(t);
  const email = anAddress();
  for (let mails = 1; mails <= 5; mails++) {
    expect((await ask(user, email)).status).toBe(202);
    const refused = await ask(user, email);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    t.clock.advance(2 * MINUTE);
  }
  expect((await ask(user, email)).status).toBe(429);
  expect(mailsTo(email)).toHaveLength(5);
  expect((await confirm(linkTo(email))).status).toBe(303);
  t.clock.advance(HOUR);
  expect((await ask(user, anAddress())).status).toBe(202);
});

describe('a server that sends no mail', () => {
  test('lets user administrators alone change addresses', async () => {
    const silent = await startApp({ mail: false });
    const [member, admin] = [await aUser(silent), await aUser(silent, { roles: ['user-admin'] })];
    const refused = await ask(member, anAddress(), silent);
    expect([refused.status, refused.body.message]).toEqual([
      403,
      'This server sends no mail, so you cannot prove a new e-mail address. Ask a user administrator.',
    ]);
    const address = anAddress();
    const changed = await admin.client.put(`/api/v2/users/${member.id}/email`, { email: address });
    expect([changed.status, changed.body.email]).toEqual([200, address]);
    const own = anAddress();
    expect((await ask({ ...admin, password: 'wrong' }, own, silent)).status).toBe(400);
    expect((await ask(admin, own, silent)).body.email).toBe(own);
  });
});
