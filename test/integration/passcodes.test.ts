// One-time passcodes: who gets one, and for whom one is good.
import { describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const NEXT = 'Another-Secure-2!';

const ask = (t: TestApp, { email }: TestUser) => t.anonymous.post('/api/v2/users/otp/request', { email });

async function storedFor(t: TestApp, { id }: TestUser) {
  const { rows } = await t.pool.query(
    `select hashed_one_time_passcode is not null as passcode,
      (select count(*)::int from audit_logs where user_id = u.id and action = 'request_password_reset') as entries
     from users u where id = $1`,
    [id],
  );
  return { ...rows[0], mails: t.mails.filter(({ to }) => to.length > 0).length };
}

describe('POST /users/otp/request', () => {
  it('mails a code to an account with a password', async () => {
    const t = await startApp();
    const user = await aUser(t);
    expect((await ask(t, user)).status).toBe(204);
    expect(await storedFor(t, user)).toEqual({ passcode: true, entries: 1, mails: 1 });
  });

  it.each(['github', 'none'])('neither mails nor stores one for an account that signs in by %s', async (loginType) => {
    const t = await startApp();
    const user = await aUser(t, { login_type: loginType });
    expect((await ask(t, user)).status).toBe(204);
    expect(await storedFor(t, user)).toEqual({ passcode: false, entries: 0, mails: 0 });
  });
});

describe('POST /users/otp/change-password', () => {
  it('sets no password for an account that has come to sign in otherwise', async () => {
    const t = await startApp();
    const user = await aUser(t);
    await ask(t, user);
    const code = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(t.mails.at(-1)?.text ?? '')?.[0];
    await t.pool.query(`update users set login_type = 'github' where id = $1`, [user.id]);
    const input = { email: user.email, one_time_passcode: code, password: NEXT };
    const refused = await t.anonymous.post('/api/v2/users/otp/change-password', input);
    expect([refused.status, refused.body.message]).toEqual([400, 'Incorrect email or one-time passcode.']);
    await t.pool.query(`update users set login_type = 'password' where id = $1`, [user.id]);
    expect((await t.anonymous.post('/api/v2/users/login', { email: user.email, password: NEXT })).status).toBe(401);
    // It was not the code that was wrong.
    expect((await t.anonymous.post('/api/v2/users/otp/change-password', input)).status).toBe(204);
  });
});
