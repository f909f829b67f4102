// GET /audit: the form of entries, the search, paging, and who reads whose.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseInstant } from '../../src/clock.ts';
import { type AuditFilter, auditCount, auditPage, type ReadableOrganizations } from '../../src/store/audit.ts';
import { auditLogs } from '../../src/store/schema.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { aUser, type TestUser } from '../support/factories.ts';

const AUDIT = '/api/v2/audit';
const NIL = '00000000-0000-0000-0000-000000000000';

let t: TestApp;
let mel: TestUser;
let tim: TestUser;
let labs: string;
let firstSecret: string;

beforeAll(async () => {
  t = await startApp();
  mel = await aUser(t, { username: 'mel', name: 'Mel' });
  tim = await aUser(t, { username: 'tim-1', email: 'tim_1@example.com' });
  labs = (await t.owner.post('/api/v2/organizations', { name: 'labs', display_name: 'Labs', icon: '/labs.png' })).body
    .id;
  firstSecret = (await mel.client.post('/api/v2/users/me/secrets', { name: 'first', value: 'v' })).body.id;
  await tim.client.post('/api/v2/users/me/secrets', { name: 'second', value: 'v' });
  await tim.client.delete('/api/v2/users/me/secrets/second');
});

const find = (q: string, more = '') => t.owner.get(`${AUDIT}?q=${encodeURIComponent(q)}${more}`);
const targets = async (q: string) =>
  (await find(q)).body.audit_logs.map(
    (log: { action: string; resource_target: string }) => `${log.action} ${log.resource_target}`,
  );

describe('the form of an entry', () => {
  test('of a change by a user', async () => {
    const { body } = await find(`resource_id:${firstSecret}`);
    const { body: user } = await t.owner.get('/api/v2/users/mel');
    const [log] = body.audit_logs;
    expect(body).toEqual({
      count: 1,
      count_cap: 2000,
      audit_logs: [
        {
          id: log.id,
          request_id: log.request_id,
          time: log.time,
          ip: '127.0.0.1',
          user_agent: 'lightMyRequest',
          resource_type: 'user_secret',
          resource_id: firstSecret,
          resource_target: 'first',
          resource_icon: '',
          action: 'create',
          diff: {
            id: { old: '', new: firstSecret, secret: false },
            name: { old: '', new: 'first', secret: false },
            user_id: { old: '', new: mel.id, secret: false },
            value: { old: '', new: '', secret: true },
          },
          status_code: 201,
          additional_fields: {},
          description: '{user} created user secret {target}',
          resource_link: '',
          is_deleted: false,
          organization_id: NIL,
          user: { ...user, organization_ids: [] },
        },
      ],
    });
  });

  test('in an organization', async () => {
    const { body } = await find('resource_type:organization action:create');
    expect(body.audit_logs[0]).toMatchObject({
      resource_id: labs,
      organization_id: labs,
      organization: { id: labs, name: 'labs', display_name: 'Labs', icon: '/labs.png' },
      description: '{user} created organization {target}',
    });
  });

  test('of a key is about its user; which key is kept beside it', async () => {
    const { body } = await find('action:login');
    expect(body.audit_logs[0]).toMatchObject({
      resource_id: t.ownerId,
      resource_target: '',
      additional_fields: {},
      description: '{user} logged in',
      diff: {},
    });
    const [row] = await t.db.select().from(auditLogs).where(eq(auditLogs.id, body.audit_logs[0].id));
    expect(row?.keyId).toMatch(/^[0-9A-Za-z]{10}$/);
  });

  test('of an operator at the command line, who is no user', async () => {
    const id = randomUUID();
    await t.db.insert(auditLogs).values({
      ...{ id, time: '2020-01-01T00:00:00Z', resourceType: 'user', resourceId: mel.id, resourceTarget: 'mel' },
      ...{ action: 'write', statusCode: 200 },
    });
    const { body } = await find('date_to:2020-01-01');
    expect(body.audit_logs).toMatchObject([{ id, user: null, request_id: NIL, ip: '' }]);
  });

  test('says what is gone', async () => {
    const gone = async (q: string) =>
      new Set((await find(q)).body.audit_logs.map((log: { is_deleted: boolean }) => log.is_deleted));
    expect(await gone('resource_target:second')).toEqual(new Set([true]));
    expect(await gone('resource_type:user resource_target:mel')).toEqual(new Set([false]));
    const ann = await aUser(t, { username: 'ann' });
    await t.owner.delete(`/api/v2/users/${ann.id}`);
    expect(await gone(`resource_type:user resource_id:${ann.id}`)).toEqual(new Set([true]));
    // Nothing is looked for but users, secrets and organizations.
    expect(await gone('resource_type:api_key')).toEqual(new Set([false]));
  });
});

describe('the search', () => {
  test('newest first', async () => {
    const { body } = await find('');
    // As instants: text order is another one, since zeros at the end of a fraction are cut.
    const times: number[] = body.audit_logs.map((log: { time: string }) => parseInstant(log.time));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(body.count).toBe(times.length);
  });

  test.each([
    ['username:tim-1 resource_type:user_secret', ['delete second', 'create second']],
    ['username:TIM-1 action:DELETE', ['delete second']],
    ['email:Tim_1@example.com action:delete', ['delete second']],
    ['email:timX1@example.com', []],
    ['username:tim', []],
    ['username:im-1', []],
    ['username:% email:%', []],
    ['user_secret username:mel', ['create first']],
    ['RESOURCE_TYPE:User_Secret username:mel', ['create first']],
    ['resource_target:FIRST', ['create first']],
    ['build_reason:autostart', []],
    ['organization:Labs resource_type:organization', ['create labs']],
    [`organization:${NIL} resource_target:first`, ['create first']],
    [`organization:11111111-1111-4111-8111-111111111111`, []],
    ['resource_type:workspace', []],
    ['request_id:00000000-0000-0000-0000-000000000001', []],
  ])('%s', async (q, expected) => {
    expect(await targets(q)).toEqual(expected);
  });

  test('"me" is the caller', async () => {
    expect(await targets('username:me resource_type:organization')).toEqual(['create labs']);
  });

  test('a UUID is found in any spelling', async () => {
    expect((await find(`resource_id:${firstSecret.toUpperCase()}`)).body.count).toBe(1);
  });

  test('an entry is found by its request and its organization', async () => {
    const [log] = (await find(`organization:${labs} resource_type:organization`)).body.audit_logs;
    const both = await find(`request_id:${log.request_id}`);
    expect(both.body.audit_logs.map((entry: { resource_type: string }) => entry.resource_type).sort()).toEqual([
      'organization',
      'organization_member',
    ]);
  });

  test('days count whole', async () => {
    const times = [
      '2019-05-01T23:59:59.999999Z',
      '2019-05-02T00:00:00Z',
      '2019-05-02T23:59:59.999999Z',
      '2019-05-03T00:00:00Z',
    ];
    for (const time of times) {
      await t.db.insert(auditLogs).values({
        ...{ id: randomUUID(), time, resourceType: 'user', resourceId: mel.id, resourceTarget: 'dated' },
        ...{ action: 'write', statusCode: 200 },
      });
    }
    const found = async (q: string) =>
      (await find(`resource_target:dated ${q}`)).body.audit_logs
        .map((log: { time: string }) => times.indexOf(log.time))
        .sort();
    expect(await found('date_from:2019-05-02')).toEqual([1, 2, 3]);
    expect(await found('date_to:2019-05-02')).toEqual([0, 1, 2]);
    expect(await found('date_from:2019-05-02 date_to:2019-05-02')).toEqual([1, 2]);
  });

  test('deleted users are found by their address, and not by their name, which may be somebody else’s by now', async () => {
    const eve = await aUser(t, { username: 'eve' });
    await eve.client.post('/api/v2/users/me/secrets', { name: 'left', value: 'v' });
    await t.owner.delete(`/api/v2/users/${eve.id}`);
    expect(await targets('username:eve resource_type:user_secret')).toEqual([]);
    expect(await targets('email:eve@example.com resource_type:user_secret')).toEqual(['create left']);
  });

  test.each([
    ['nonsense', 'resource_type'],
    ['resource_type:nonsense', 'resource_type'],
    ['action:nonsense', 'action'],
    ['date_from:yesterday', 'date_from'],
    ['date_from:2024-02-30', 'date_from'],
    ['date_to:0000-01-01', 'date_to'],
    ['date_to:"2024-01-01T00:00:00Z"', 'date_to'],
    ['organization:nowhere', 'organization'],
    ['organization:default', 'organization'],
    ['build_reason:boredom', 'build_reason'],
    ['request_id:x', 'request_id'],
    ['colour:red', 'colour'],
    ['action:create action:write', 'action'],
    ['a:b:c', 'q'],
    [':x', 'q'],
  ])('%j cannot be read', async (q, field) => {
    const answer = await find(q);
    expect([answer.status, answer.body.message]).toEqual([400, 'Invalid audit search query.']);
    expect(answer.body.validations[0].field).toBe(field);
  });
});

describe('paging', () => {
  test('pages follow each other without gaps, and the number stays', async () => {
    const { body: all } = await find('', '&limit=1000');
    const pages = [];
    for (let offset = 0; offset < all.count; offset += 3) {
      const { body } = await find('', `&limit=3&offset=${offset}`);
      expect(body.count).toBe(all.count);
      pages.push(...body.audit_logs);
    }
    expect(pages).toEqual(all.audit_logs);
    expect((await find('', '&limit=5&offset=100000')).body).toEqual({
      audit_logs: [],
      count: all.count,
      count_cap: 2000,
    });
  });

  test('a page has 100 entries unless told otherwise', async () => {
    await t.db.execute(sql`insert into audit_logs (id, time, resource_type, resource_id, resource_target, action, status_code)
      select gen_random_uuid(), '2018-01-01', 'user', 'x', 'bulk', 'write', 200 from generate_series(1, 120)`);
    for (const more of ['', '&limit=0']) {
      const { body } = await find('resource_target:bulk', more);
      expect([body.audit_logs.length, body.count]).toEqual([100, 120]);
    }
  });

  test.each(['limit=-1', 'limit=x', 'offset=-1', 'offset=1.5'])('%s is refused', async (query) => {
    const answer = await t.owner.get(`${AUDIT}?${query}`);
    expect([answer.status, answer.body.message]).toEqual([400, 'Query parameters have invalid values.']);
  });
});

describe('who reads whose entries', () => {
  test('owners and auditors read all', async () => {
    const auditor = await aUser(t, { roles: ['auditor'] });
    const { count } = (await t.owner.get(AUDIT)).body;
    const answer = await auditor.client.get(AUDIT);
    expect([answer.status, answer.body.count]).toEqual([200, count]);
  });

  test.each(['user-admin', 'template-admin', undefined])('a %s reads nothing', async (role) => {
    const caller = await aUser(t, { roles: role ? [role] : [] });
    const answer = await caller.client.get(AUDIT);
    expect([answer.status, answer.body.message]).toEqual([403, 'Forbidden.']);
  });

  test('the permission is looked at before the query', async () => {
    expect((await mel.client.get(`${AUDIT}?q=nonsense&limit=x`)).status).toBe(403);
    expect((await t.anonymous.get(AUDIT)).status).toBe(401);
  });

  test.each(['organization-auditor', 'organization-admin'])(
    'an %s reads the entries of that organization',
    async (role) => {
      const caller = await aUser(t);
      await t.owner.post(`/api/v2/organizations/labs/members/${caller.username}`);
      await t.owner.put(`/api/v2/organizations/labs/members/${caller.username}/roles`, { roles: [role] });
      const { body } = await caller.client.get(`${AUDIT}?limit=1000`);
      expect(body.audit_logs.length).toBe(body.count);
      expect(new Set(body.audit_logs.map((log: { organization_id: string }) => log.organization_id))).toEqual(
        new Set([labs]),
      );
      expect((await caller.client.get(`${AUDIT}?q=resource_type:user_secret`)).body).toEqual({
        audit_logs: [],
        count: 0,
        count_cap: 2000,
      });
    },
  );

  test('a key needs the scope', async () => {
    const key = async (scopes: string[]) =>
      t.as((await t.owner.post('/api/v2/users/me/keys/tokens', { scopes })).body.key);
    expect((await (await key(['user:read'])).get(AUDIT)).status).toBe(403);
    expect((await (await key(['coder:all'])).get(AUDIT)).status).toBe(200);
  });
});

test('an organization that the caller may not read is none, by name', async () => {
  const other = (await t.owner.post('/api/v2/organizations', { name: 'elsewhere' })).body;
  const caller = await aUser(t);
  await t.owner.post(`/api/v2/organizations/labs/members/${caller.username}`);
  await t.owner.put(`/api/v2/organizations/labs/members/${caller.username}/roles`, { roles: ['organization-auditor'] });
  const asked = (name: string) => caller.client.get(`${AUDIT}?q=organization:${name}`);
  expect((await asked('labs')).status).toBe(200);
  const refused = await asked('elsewhere');
  expect(refused.status).toBe(400);
  expect(refused.body.validations).toEqual([
    {
      field: 'organization',
      detail:
        'Query param "organization" has invalid value: organization "elsewhere" either does not exist, or you are unauthorized to view it',
    },
  ]);
  expect(refused.text).not.toContain(other.id);
});

describe('with a long log', () => {
  /** The plans of the statements that answer a filter: the page and the number. */
  async function plans(filter: AuditFilter, readable: ReadableOrganizations = 'all'): Promise<string> {
    const statements = [auditPage(t.db, filter, readable, { limit: 25 }), auditCount(t.db, filter, readable)];
    const lines: string[] = [];
    for (const statement of statements) {
      const { rows } = await t.db.execute<{ 'QUERY PLAN': string }>(sql`explain ${statement.getSQL()}`);
      lines.push(...rows.map((row) => row['QUERY PLAN']));
    }
    return lines.join('\n');
  }

  beforeAll(async () => {
    await t.db.execute(sql`insert into audit_logs (id, time, user_id, organization_id, request_id, resource_type, resource_id, resource_target, action, status_code)
      select gen_random_uuid(), timestamptz '2025-01-01' + n * interval '10 minutes', gen_random_uuid(),
        case when n % 1000 = 0 then ${labs}::uuid end, gen_random_uuid(),
        case when n % 1000 = 0 then 'organization_member' else 'user' end, gen_random_uuid(), 'long ' || n % 500,
        case when n % 1000 = 0 then 'delete' else 'write' end, 200
      from generate_series(1, 30000) n`);
    await t.db.execute(sql`vacuum analyze`);
  });

  test.each<[string, AuditFilter, string, ReadableOrganizations?]>([
    ['a resource', { resourceId: NIL }, 'audit_logs_resource'],
    ['a user', { userIds: [NIL] }, 'audit_logs_user'],
    ['several users', { userIds: [NIL, '11111111-1111-4111-8111-111111111111'] }, 'audit_logs_user'],
    ['a request', { requestId: NIL }, 'audit_logs_request'],
    ['a kind of thing', { resourceType: 'organization_member' }, 'audit_logs_type'],
    ['an action', { action: 'delete' }, 'audit_logs_action'],
    ['a target', { resourceTarget: 'long 7' }, 'audit_logs_target'],
    ['an organization', { organizationId: NIL }, 'audit_logs_organization'],
    ['a day', { from: '2025-01-03', to: '2025-01-03' }, 'audit_logs_time'],
    ['the organizations of a reader', {}, 'audit_logs_organization', [NIL]],
  ])('the entries of %s come from an index, for page and number', async (_, filter, index, readable) => {
    const text = await plans(filter, readable);
    // Several indexes may do for the number; which of them is cheapest depends on the sample of the statistics.
    expect(text).toContain(index);
    expect(text).not.toContain('Seq Scan on audit_logs');
  });

  test('the newest page is read in order, without sorting the log; what is gone is looked up by id', async () => {
    const text = await plans({});
    expect(text).toMatch(/Index (Only )?Scan Backward using audit_logs_time/);
    // Small tables are read whole unless told otherwise.
    const { sql: statement, params } = auditPage(t.db, {}, 'all', { limit: 25 }).toSQL();
    const client = await t.pool.connect();
    try {
      await client.query('set enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${statement}`, params);
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toContain('Seq Scan');
    } finally {
      client.release(true);
    }
  });

  test('what is long ago is deleted by index', async () => {
    const { rows } = await t.db.execute<{ 'QUERY PLAN': string }>(
      sql`explain select id from audit_logs where time < '2025-01-02' order by time, id limit 1000 for update skip locked`,
    );
    expect(rows.map((row) => row['QUERY PLAN']).join()).toContain('audit_logs_time');
  });

  test('up to the cap the number is right, and beyond it says "more"', async () => {
    expect((await find('resource_target:"long 7"', '&limit=1')).body).toMatchObject({ count: 60, count_cap: 2000 });
    const { body } = await find('resource_type:user', '&limit=1&offset=25000');
    expect([body.count, body.count_cap, body.audit_logs.length]).toEqual([2001, 2000, 1]);
  });
});

describe('the export', () => {
  const exported = (query: string, client = t.owner) => client.get(`${AUDIT}/export?${query}`);

  test('as JSON lines it has every entry of the list, in its order, and names keys', async () => {
    const answer = await exported('q=date_from:2026-01-01');
    expect(answer.headers['content-type']).toBe('application/jsonl; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="audit.jsonl"');
    const entries = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { key_id?: string });
    const { body } = await find('date_from:2026-01-01', '&limit=1000');
    expect(entries.map(({ key_id: _, ...entry }) => entry)).toEqual(body.audit_logs);
    expect(entries.some(({ key_id: id }) => id !== undefined)).toBe(true);
  });

  test('as CSV it has a line for each entry', async () => {
    const answer = await exported('format=csv&q=resource_target:first');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    const [names, line, end] = answer.text.split('\r\n');
    expect(names).toMatch(/^id,time,request_id,.*,diff,additional_fields$/);
    expect(line).toContain(`,${mel.id},mel,mel@example.com,`);
    expect(end).toBe('');
  });

  test('many pages follow each other without gaps or doubles', async () => {
    const ids = (
      await exported('q=resource_type:user date_from:2025-01-05 date_to:2025-01-25'.replaceAll(' ', '%20'))
    ).text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids.length).toBeGreaterThan(2500);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('nothing found is an empty file', async () => {
    expect((await exported('q=resource_target:nothing')).text).toBe('');
    expect((await exported('format=csv&q=resource_target:nothing')).text).toMatch(/^id,.*\r\n$/);
  });

  test('the same people may read it, and the same queries', async () => {
    expect((await exported('', mel.client)).status).toBe(403);
    expect((await t.anonymous.get(`${AUDIT}/export`)).status).toBe(401);
    expect((await exported('q=nonsense')).status).toBe(400);
    expect((await exported('format=xml')).body.validations).toEqual([
      { field: 'format', detail: 'Query param "format" has invalid value: "xml" is not a valid value' },
    ]);
    const caller = await aUser(t);
    await t.owner.post(`/api/v2/organizations/labs/members/${caller.username}`);
    await t.owner.put(`/api/v2/organizations/labs/members/${caller.username}/roles`, {
      roles: ['organization-auditor'],
    });
    const { text } = await exported('', caller.client);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { organization_id: string });
    expect(new Set(lines.map((line) => line.organization_id))).toEqual(new Set([labs]));
  });
});

test('one entry cannot make the list unreadable', async () => {
  const body = 'x'.repeat(60_000);
  const content = `---\nname: long\n---\n${body}`;
  expect((await mel.client.post('/api/experimental/users/me/skills', { content })).status).toBe(201);
  const { body: page, text } = await find('resource_type:user_skill');
  expect(text.length).toBeLessThan(10_000);
  expect(page.audit_logs[0].diff.content.new).toMatch(/^---\nname: long.*x… \(\d+ more characters\)$/s);
});
