// What the commands that write accounts share: a ctx without a session, and errors in plain words.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { systemClock } from '../clock.ts';
import type { Environment } from '../config/values.ts';
import { type Config, readConfig } from '../config.ts';
import { createSecretBox, type SecretBox } from '../crypto/secret-box.ts';
import type { Ctx } from '../ctx.ts';
import { ApiError } from '../errors.ts';
import { FREE } from '../fairness/shares.ts';
import { NO_PROVIDERS } from '../idp/providers.ts';
import { behindAnswers } from '../in-flight.ts';
import { createLog } from '../log.ts';
import { createMailer } from '../mail/mailer.ts';
import { NO_REFUSALS } from '../services/refusals.ts';
import { StartError } from '../start-error.ts';
import type { Db } from '../store/db.ts';
import { openDatabase, withCleanup, withDatabaseUrl } from './database.ts';
import { configuredKeys } from './encryption-keys.ts';
import { NO_SECRET_BOX, openSecretBox, refuseLostKeys } from './secret-box.ts';

/** The words of a refusal as one line: its message, and what is wrong with which field. */
function plainWords({ message, detail, validations = [] }: ApiError): string {
  const fields = validations.map(({ field, detail: problem }) => `${field}: ${problem}`);
  return [message.replace(/\.$/, ''), ...(detail === undefined ? [] : [detail]), ...fields].join(': ');
}

export interface OperatorNeeds {
  /**
   * Which encryption keys: none, so that none is looked for; all, so that none may be lost; some, where one may be, made if
   * there is none; those that are there, and none is made.
   */
  readonly keys: 'none' | 'all' | 'some' | 'there';
  /** Make the embedded database when there is none. */
  readonly mayCreate?: boolean;
}

async function boxFor(keys: OperatorNeeds['keys'], config: Config, log: Logger, db: Db): Promise<SecretBox> {
  if (keys === 'none') return NO_SECRET_BOX;
  if (keys === 'there') return createSecretBox(configuredKeys(config, log));
  return openSecretBox(config, log, db);
}

/**
 * Runs `work` on the database of the settings, or of a running server's embedded PostgreSQL.
 * @throws StartError in plain words for whatever a service refuses
 */
export async function asOperator<T>(
  env: Environment,
  url: string | undefined,
  { keys, mayCreate = false }: OperatorNeeds,
  work: (ctx: Ctx) => Promise<T>,
): Promise<T> {
  const config = readConfig(withDatabaseUrl(env, url));
  const { log } = createLog({ level: 'warn' }, { human: true, fd: 2 });
  return withCleanup(async (onClose) => {
    // What the server warns about at its start is none of the command's business.
    const quiet = log.child({}, { level: 'error' });
    const { db } = await openDatabase(config, log, onClose, {
      mayJoin: true,
      mayCreate,
      ...(keys === 'all' && { inspect: (url) => refuseLostKeys(config, quiet, url) }),
    });
    const ctx: Ctx = {
      config,
      db,
      log,
      clock: systemClock,
      mailer: createMailer(null, log),
      secretBox: await boxFor(keys, config, quiet, db),
      idp: NO_PROVIDERS,
      behind: behindAnswers((what, err) => log.error({ err }, `${what} failed`)),
      connections: FREE,
      refusals: NO_REFUSALS,
      guesses: undefined,
      origin: { requestId: randomUUID(), ip: '', network: '', userAgent: 'coder-users' },
      actor: undefined,
    };
    try {
      return await work(ctx);
    } catch (err) {
      throw err instanceof ApiError ? new StartError(`${plainWords(err)}.`) : err;
    }
  });
}
