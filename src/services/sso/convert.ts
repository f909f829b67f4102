// Converting an account from password to OpenID Connect or GitHub: the permit that the first half gives and the second
// half, the return from the provider, asks for.
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { instantText, SECOND } from '../../clock.ts';
import type { ConvertLoginRequest } from '../../codersdk/auth.ts';
import { randomText } from '../../crypto/tokens.ts';
import type { ActorCtx, Ctx } from '../../ctx.ts';
import { ApiError, badRequest } from '../../errors.ts';
import { quoted } from '../../golang/quote.ts';
import { type ExternalLoginType, isExternalLoginType } from '../../idp/provider.ts';
import { credentialsObject } from '../../rbac/objects.ts';
import { readOrCreateSetting, readSetting } from '../../store/site-settings.ts';
import { findPasswordHash, type UserRow } from '../../store/users.ts';
import { requirePower } from '../actors.ts';
import { audit } from '../audit.ts';
import { checkPassword } from '../login.ts';

/** The cookie that carries the permit from the first half to the second. */
export const CONVERT_LOGIN_COOKIE = 'coder_oauth_convert_jwt';

const ALGORITHM = 'HS512';
const KEY_BYTES = 64;
const KEY_SETTING = 'oauth_convert_signing_key';
const LIFETIME_SECONDS = 300;
const STATE_PREFIX = 'convert-';
const STATE_RANDOM_LENGTH = 32;
/** Clocks of several replicas differ a little. */
const NOT_BEFORE_LEEWAY_SECONDS = 1;

const OTHER_TYPES: ReadonlySet<string> = new Set(['password', 'none', 'token']);

/** What the person wants of a conversion besides the conversion. */
export interface Conditions {
  /** Named tokens outlive it; sessions and the keys that they made never do (docs/differences.md 34). */
  readonly keepTokens: boolean;
}

/** What the first half hands out. */
export interface ConversionPermit {
  /** Goes through the provider as the state of the login. */
  state: string;
  /** Goes through the browser as a cookie. */
  jwt: string;
  expiresAtUnixSeconds: number;
  toType: ExternalLoginType;
  userId: string;
}

/** Whether the state of a login through a provider means that an account is to be converted. */
export const isConversionState = (state: string): boolean => state.startsWith(STATE_PREFIX);

const newConversionState = (): string => STATE_PREFIX + randomText(STATE_RANDOM_LENGTH);

async function signingKey(ctx: Ctx): Promise<Uint8Array> {
  const stored = await readOrCreateSetting(ctx.db, KEY_SETTING, () => ctx.secretBox.encrypt(randomBytes(KEY_BYTES)));
  return ctx.secretBox.decryptBytes(stored);
}

const deploymentId = async (ctx: Ctx): Promise<string> => (await readSetting(ctx.db, 'deployment_id')) ?? '';

function targetType(text: string): ExternalLoginType {
  if (isExternalLoginType(text)) return text;
  throw badRequest(
    OTHER_TYPES.has(text) ? `Cannot convert to login type ${quoted(text)}.` : `Unknown login type ${quoted(text)}.`,
  );
}

/**
 * First half: checks the password of the account as a login does (a dormant user wakes) and permits the conversion for
 * five minutes. The account stays as it is; the provider need not be configured. Golden: users-convert-login
 * @throws ApiError 400 for another target type, 403 for an owner's account unless the caller is one and for a limited key,
 * then as `checkPassword`
 */
export async function permitConversion(
  ctx: ActorCtx,
  target: UserRow,
  input: ConvertLoginRequest,
  { keepTokens }: Conditions,
): Promise<ConversionPermit> {
  const toType = targetType(input.to_type);
  requirePower(ctx, 'update_personal', credentialsObject(target));
  const user = await checkPassword(ctx, { email: target.email, password: input.password });
  const state = newConversionState();
  const now = Math.floor(ctx.clock() / SECOND);
  const expiresAtUnixSeconds = now + LIFETIME_SECONDS;
  const jwt = await new SignJWT({
    state,
    user_id: user.id,
    from_login_type: user.loginType,
    to_login_type: toType,
    password: fingerprint(user.hashedPassword),
    ...(keepTokens && { keep_tokens: true }),
  })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(await deploymentId(ctx))
    .setSubject(state)
    .setAudience(user.id)
    .setIssuedAt(now)
    .setNotBefore(now - NOT_BEFORE_LEEWAY_SECONDS)
    .setExpirationTime(expiresAtUnixSeconds)
    .setJti(randomUUID())
    .sign(await signingKey(ctx));
  await audit(ctx, {
    action: 'create',
    resourceType: 'convert_login',
    resourceId: user.id,
    resourceTarget: toType,
    after: {
      created_at: instantText(now * SECOND),
      expires_at: instantText(expiresAtUnixSeconds * SECOND),
      from_login_type: user.loginType,
      to_login_type: toType,
      user_id: user.id,
    },
    status: 201,
  });
  return { state, jwt, expiresAtUnixSeconds, toType, userId: user.id };
}

/** The time until which a permit holds, as the answer shows it. */
export const permitExpiry = (permit: ConversionPermit): string => instantText(permit.expiresAtUnixSeconds * SECOND);

/** Tells one stored password from another, and nothing about either. */
const fingerprint = (passwordHash: string): string => hash('sha256', passwordHash, 'base64url');

const refused = (what: string) => new ApiError(403, `Request to convert login type failed. ${what}`);

/** The claims of a permit that was signed here and still holds. */
async function verifiedClaims(ctx: Ctx, jwt: string): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(jwt, await signingKey(ctx), {
      algorithms: [ALGORITHM],
      requiredClaims: ['exp', 'iat', 'nbf'],
      currentDate: new Date(ctx.clock() / 1000),
    });
    return payload;
  } catch (err) {
    if (err instanceof errors.JWTExpired) throw refused('The request has expired. Please try again.');
    if (err instanceof errors.JOSEError) {
      throw badRequest(
        'Using an invalid jwt to authorize this action. Ensure there is only 1 coder deployment and try again.',
      );
    }
    throw err;
  }
}

/**
 * The state of a login that is to convert an account: the one asked for if the browser's permit names it. Otherwise one
 * that nobody chose, so that the way back says what is wrong with the permit (docs/differences.md 28).
 */
export async function conversionState(ctx: Ctx, wanted: string, jwt: string | undefined): Promise<string> {
  try {
    if (jwt && (await verifiedClaims(ctx, jwt)).state === wanted) return wanted;
  } catch (err) {
    if (!(err instanceof ApiError)) throw err;
  }
  return newConversionState();
}

/**
 * Second half: checks that a login through a provider may convert this account. Checked in this order: the permit is
 * there, was signed here and holds, comes from this deployment, belongs to this state, this account and this provider,
 * and the account still signs in as it did, with the same password. Golden: sso/oidc-convert
 * @param conversion `jwt` is the value of the cookie `CONVERT_LOGIN_COOKIE`, `state` that of the login
 * @returns what the person wanted when asking for it
 * @throws ApiError 400 without a permit or for one that was not signed here, 403 for any other mismatch
 */
export async function requirePermit(
  ctx: Ctx,
  conversion: {
    jwt: string | undefined;
    state: string;
    user: Pick<UserRow, 'id' | 'loginType'>;
    toType: ExternalLoginType;
  },
): Promise<Conditions> {
  const { jwt, state, user, toType } = conversion;
  if (!jwt) {
    throw badRequest(
      'Convert to oauth cookie not found. Missing signed jwt to authorize this action. Please try again.',
    );
  }
  const claims = await verifiedClaims(ctx, jwt);
  if (claims.iss !== (await deploymentId(ctx))) {
    throw refused('Issuer mismatch. The request was made on another deployment. Please try again.');
  }
  if (claims.state !== state) throw refused('State mismatch.');
  const isMeant =
    claims.user_id === user.id && claims.to_login_type === toType && claims.from_login_type === user.loginType;
  // The password that was checked must still be the stored one (docs/differences.md 26).
  if (!isMeant || claims.password !== fingerprint(await findPasswordHash(ctx.db, user.id))) {
    throw new ApiError(403, `Request to convert login type from ${user.loginType} to ${toType} failed`);
  }
  return { keepTokens: claims.keep_tokens === true };
}
