// Settings that are wrong together, or that an operator should know of.
import type { Config } from '../../config.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const TOPIC = 'settings';
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Cookies that browsers would drop. */
function cookies({ cookies, accessUrl }: Config): Finding[] {
  const isHttps = /^https:/i.test(accessUrl);
  const isLocal = LOOPBACK.test(new URL(accessUrl).hostname);
  const found: Finding[] = [];
  if (cookies.secure && !isHttps && !isLocal)
    found.push(
      failure(
        TOPIC,
        `browsers send no secure cookies to ${accessUrl}: nobody can sign in there`,
        'Use an https CODER_ACCESS_URL, or set CODER_SECURE_AUTH_COOKIE=false.',
      ),
    );
  if (!cookies.secure && isHttps)
    found.push(warning(TOPIC, 'the session cookie is sent without TLS, too', 'Remove CODER_SECURE_AUTH_COOKIE=false.'));
  for (const [isSet, name] of [
    [cookies.hostPrefix, 'CODER_HOST_PREFIX_COOKIE'],
    [cookies.sameSite === 'none', 'CODER_SAMESITE_AUTH_COOKIE=none'],
  ] as const) {
    if (isSet && !cookies.secure)
      found.push(
        failure(TOPIC, `browsers refuse cookies of ${name} that are not secure`, 'Use an https CODER_ACCESS_URL.'),
      );
  }
  return found;
}

function addresses({ http, accessUrl, proxy }: Config): Finding[] {
  const { hostname, protocol } = new URL(accessUrl);
  const isLocal = LOOPBACK.test(hostname);
  const found: Finding[] = [];
  if (protocol === 'http:' && !isLocal)
    found.push(
      warning(
        TOPIC,
        `passwords and keys travel in the clear to ${accessUrl}`,
        'Serve it by https: with a proxy, or TLS here.',
      ),
    );
  if (isLocal && /^(0\.0\.0\.0|::)$/.test(http.host))
    found.push(
      warning(
        TOPIC,
        `the server listens on every address, and ${accessUrl} is reached from this machine alone`,
        'Set CODER_ACCESS_URL to the address that clients use.',
      ),
    );
  if (proxy.trustedHeaders.length > 0 !== proxy.trustedOrigins.length > 0)
    found.push(
      warning(
        TOPIC,
        'of the trusted proxies only half is set, so every client has the address of the proxy',
        'Set both CODER_PROXY_TRUSTED_HEADERS and CODER_PROXY_TRUSTED_ORIGINS.',
      ),
    );
  return found;
}

function waysIn({ passwords, oidc, github, email, rateLimit, cors }: Config): Finding[] {
  const found: Finding[] = [];
  if (passwords.authDisabled && oidc === null && (github === null || github.isDefaultProvider))
    found.push(
      failure(
        TOPIC,
        'sign-in by password is off and no identity provider is set: nobody can sign in',
        'Remove CODER_DISABLE_PASSWORD_AUTH, or set an identity provider.',
      ),
    );
  if (email === null)
    found.push(
      warning(
        TOPIC,
        'no mail is sent: forgotten passwords and new addresses take an administrator',
        'Set CODER_EMAIL_SMARTHOST and CODER_EMAIL_FROM.',
      ),
    );
  if (rateLimit.disabled)
    found.push(
      warning(TOPIC, 'passwords can be guessed without limits', 'Remove CODER_DANGEROUS_DISABLE_RATE_LIMITS.'),
    );
  if (cors.allowAll)
    found.push(warning(TOPIC, 'every web site may read answers', 'Remove CODER_DANGEROUS_ALLOW_CORS_REQUESTS.'));
  return found;
}

/** @param notes what the start says of variables that are set in vain */
export function checkSettings(config: Config, notes: readonly string[]): Finding[] {
  const found = [
    ...notes.map((note) => warning(TOPIC, note, 'Correct or remove it; docs/settings.md has every setting.')),
    ...cookies(config),
    ...addresses(config),
    ...waysIn(config),
  ];
  return found.length > 0 ? found : [ok(TOPIC, 'nothing is unknown, in vain or contradictory')];
}
