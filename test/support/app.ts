// The real app on a database of its own, with a clock that tests move; answers are checked against their schemas.
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type pg from 'pg';
import pino from 'pino';
import { afterAll } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import type { AppDeps } from '../../src/ctx.ts';
import { createIdentityProviders } from '../../src/idp/providers.ts';
import { logSerializers } from '../../src/log.ts';
import type { MailMessage } from '../../src/mail/mailer.ts';
import { connect, type Db } from '../../src/store/db.ts';
import { TestClient } from './client.ts';
import { type TestClock, testClock } from './clock.ts';
import { cloneDatabase } from './postgres.ts';
import { type Watch, watchRefusals } from './untouched.ts';

export const PASSWORD = 'SomeSecurePassword!';

export interface TestApp {
  app: FastifyInstance;
  /** The app's database, reached directly. */
  databaseUrl: string;
  config: Config;
  deps: AppDeps;
  db: Db;
  pool: pg.Pool;
  clock: TestClock;
  /** Mail that was handed to the mailer, in order. */
  mails: MailMessage[];
  /** The first user, an owner (absent with `empty`). */
  owner: TestClient;
  ownerId: string;
  organizationId: string;
  anonymous: TestClient;
  as(token: string): TestClient;
  /** For requests by other ways than `inject`, which is watched already: what is refused must change nothing. */
  watch: Watch;
  /** Ends the app before its file does. */
  close(): Promise<void>;
}

interface Options {
  env?: Record<string, string>;
  /** No first user: a server nobody has set up. */
  empty?: boolean;
  /** A database that is there already, with whatever is in it; nobody is signed in then. */
  url?: string;
  /** Gets every line of the server's log. */
  onLog?: (line: Record<string, unknown>) => void;
  /** False for a server that sends no mail. */
  mail?: boolean;
  /** The app reaches its database another way: given its URL, the URL to use. */
  via?: (url: string) => Promise<string>;
  /** The way leads through a pooler: nothing is set for a session. */
  pooled?: boolean;
}

/** Settings of tests: no limits unless a test is about them, encryption on. */
const ENV = {
  CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
  CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
};

// Here and not in `startApp`, which most files call in a hook: a hook registered by a hook never runs.
const open: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(open.map((close) => close())));

/** Starts an app; it is closed when the file ends. */
export async function startApp({
  env = {},
  empty = false,
  url: existing,
  onLog,
  mail = true,
  via = async (url) => url,
  pooled = false,
}: Options = {}): Promise<TestApp> {
  const databaseUrl = existing ?? (await cloneDatabase()).url;
  const url = await via(databaseUrl);
  const config = readConfig({ ...ENV, CODER_PG_CONNECTION_URL: url, ...env });
  const log = onLog
    ? pino({ level: 'debug', serializers: logSerializers }, { write: (line) => onLog(JSON.parse(line)) })
    : pino({ level: 'silent' });
  const { pool, db } = connect({ url, pooled }, log);
  const clock = testClock();
  const mails: MailMessage[] = [];
  const parts = {
    config,
    db,
    log,
    clock: clock.now,
    mailer: {
      enabled: mail,
      enqueue: (mail: MailMessage) => void mails.push(mail),
      send: async (mail: MailMessage) => {
        mails.push(mail);
        return 'sent' as const;
      },
      close: async () => {},
    },
    secretBox: createSecretBox(config.encryption.keys),
    idp: createIdentityProviders(config, log),
  };
  const app = await buildApp({ ...parts, pool, strictResponses: true });
  const { watch, end: endWatch } = watchRefusals(databaseUrl, mails);
  const inject = app.inject.bind(app) as (options: InjectOptions) => Promise<LightMyRequestResponse>;
  const watched = async (options: InjectOptions) => {
    const response = await watch(`${options.method} ${options.url}`, () => inject(options));
    // What an answer does not wait for is over when a test looks at what came of it.
    if (response.statusCode < 400) await app.deps.behind.settled();
    return response;
  };
  app.inject = watched as typeof app.inject;
  let closed: Promise<void> | undefined;
  const close = () => {
    parts.idp.close();
    closed ??= app.close().then(() => Promise.all([pool.end(), endWatch()]).then(() => undefined));
    return closed;
  };
  open.push(close);
  const anonymous = new TestClient(app);
  const as = (token: string) => new TestClient(app, { 'coder-session-token': token });
  const t: TestApp = {
    app,
    databaseUrl,
    config,
    deps: app.deps,
    db,
    pool,
    clock,
    mails,
    owner: anonymous,
    ownerId: '',
    organizationId: '',
    anonymous,
    as,
    watch,
    close,
  };
  if (empty || existing !== undefined) return t;
  const first = await anonymous.post('/api/v2/users/first', {
    email: 'owner@example.com',
    username: 'owner',
    password: PASSWORD,
  });
  const login = await anonymous.post('/api/v2/users/login', { email: 'owner@example.com', password: PASSWORD });
  return {
    ...t,
    owner: as(login.body.session_token),
    ownerId: first.body.user_id,
    organizationId: first.body.organization_id,
  };
}
