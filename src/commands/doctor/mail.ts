// The mail relay: connects, encrypts and signs in as for a mail, and sends none.
import type { Config } from '../../config.ts';
import { tryRelay } from '../../mail/mailer.ts';
import { type Finding, failure, ok, reasonOf } from './finding.ts';

const TOPIC = 'mail';

/** No finding without mail settings. */
export async function checkMail({ email }: Config): Promise<Finding[]> {
  if (email === null) return [];
  const where = `${email.smarthost.host}:${email.smarthost.port}`;
  try {
    await tryRelay(email);
    const hasLogin = (email.auth.username ?? email.auth.identity) !== undefined;
    return [ok(TOPIC, `${where} takes mail${hasLogin ? ', and the login' : ''}`)];
  } catch (err) {
    return [
      failure(
        TOPIC,
        `${where}: ${reasonOf(err)}`,
        'See CODER_EMAIL_SMARTHOST, CODER_EMAIL_FORCE_TLS, CODER_EMAIL_TLS_* and CODER_EMAIL_AUTH_*.',
      ),
    ];
  }
}
