// Checks tokens that an OpenID provider signed, with its published keys; they are kept and asked for again when none fits.
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { jsonObject, readText } from './http.ts';
import { BadToken, providerError } from './provider-error.ts';

export type Claims = Record<string, unknown>;

export interface TokenVerifier {
  /**
   * The claims of a token that the provider signed, that was issued for this client, and that holds now.
   * @throws BadToken
   */
  verify(token: string, signal: AbortSignal): Promise<Claims>;
  /** The claims of a document that the provider signed, whatever they say. @throws BadToken */
  verifySignature(token: string, signal: AbortSignal): Promise<Claims>;
}

interface VerifierOptions {
  readonly jwksUri: string;
  /** What the provider says it signs with. */
  readonly algorithms: readonly string[];
  /** Undefined: any issuer will do. */
  readonly issuer: string | undefined;
  readonly audience: string;
}

/** A token may begin to hold this far ahead, since clocks differ. Its end is exact. */
const NOT_BEFORE_LEEWAY_SECONDS = 300;

// Neither `none` nor algorithms with a shared secret: whoever knows the client secret could sign anything.
const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^(EdDSA|Ed25519)$/;

/** The problems that a fresh set of keys may solve. */
const isKeyProblem = (err: unknown) =>
  err instanceof errors.JWKSNoMatchingKey || err instanceof errors.JWSSignatureVerificationFailed;

type Keys = ReturnType<typeof createLocalJWKSet>;

/** The signed bytes; when the token names no key, each one that could be meant is tried. */
async function signedBytes(token: string, keys: Keys, algorithms: string[]): Promise<Uint8Array> {
  try {
    return (await compactVerify(token, keys, { algorithms })).payload;
  } catch (err) {
    if (!(err instanceof errors.JWKSMultipleMatchingKeys)) throw err;
    for await (const key of err) {
      try {
        return (await compactVerify(token, key, { algorithms })).payload;
      } catch (inner) {
        if (!isKeyProblem(inner)) throw inner;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function checkTimes({ exp, nbf }: Claims): void {
  const now = Date.now() / 1000;
  if (typeof exp !== 'number') throw new BadToken('the token says nothing about its end (exp)');
  if (exp <= now) throw new BadToken('the token has expired');
  if (nbf === undefined) return;
  if (typeof nbf !== 'number' || nbf > now + NOT_BEFORE_LEEWAY_SECONDS)
    throw new BadToken('the token does not hold yet (nbf)');
}

/** Makes the checker of one provider's tokens. Golden: sso/oidc-token-checks */
export function createTokenVerifier({ jwksUri, algorithms, issuer, audience }: VerifierOptions): TokenVerifier {
  const offered = algorithms.filter((algorithm) => ASYMMETRIC.test(algorithm));
  const allowed = offered.length > 0 ? offered : ['RS256'];
  let cached: Keys | undefined;

  async function fetchKeys(signal: AbortSignal): Promise<Keys> {
    const response = await fetch(jwksUri, { headers: { accept: 'application/json' }, signal });
    if (response.status !== 200)
      throw new BadToken(`the keys of the provider cannot be read (status ${response.status})`);
    const set = jsonObject(await readText(response));
    if (!set) throw new BadToken('the keys of the provider are not JSON');
    cached = createLocalJWKSet(set as unknown as JSONWebKeySet);
    return cached;
  }

  /** Tries the known keys first, and fresh ones when none of them signed the token: providers rotate keys. */
  async function verified(token: string, signal: AbortSignal): Promise<Uint8Array> {
    if (cached) {
      try {
        return await signedBytes(token, cached, allowed);
      } catch (err) {
        if (!isKeyProblem(err)) throw err;
      }
    }
    return signedBytes(token, await fetchKeys(signal), allowed);
  }

  async function verifySignature(token: string, signal: AbortSignal): Promise<Claims> {
    let bytes: Uint8Array;
    try {
      bytes = await verified(token, signal);
    } catch (err) {
      if (err instanceof errors.JOSEError) throw new BadToken(err.message, { cause: err });
      throw err instanceof BadToken ? err : new BadToken(providerError(err).message, { cause: err });
    }
    const claims = jsonObject(new TextDecoder().decode(bytes));
    if (!claims) throw new BadToken('the token holds no JSON object');
    return claims;
  }

  return {
    verifySignature,

    async verify(token, signal) {
      const claims = await verifySignature(token, signal);
      if (issuer !== undefined && claims.iss !== issuer)
        throw new BadToken('the token was issued by somebody else (iss)');
      if (![claims.aud].flat().includes(audience)) throw new BadToken('the token was issued for somebody else (aud)');
      checkTimes(claims);
      return claims;
    },
  };
}
