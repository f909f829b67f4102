// Checks tokens that an OpenID provider signed, with its published keys.
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { type Claims, cleanClaims, MAX_CLAIMS_LENGTH } from './claims.ts';
import { fetchBounded, PROVIDER_MS, within } from './http.ts';
import { BadToken, providerError } from './provider-error.ts';

export interface TokenVerifier {
  /**
   * The claims of a token that the provider signed, that was issued for this client, and that holds now.
   * @param nonce what an ID token must say of the login that it was made for; undefined for other tokens
   * @throws BadToken
   */
  verify(token: string, nonce: string | undefined, signal: AbortSignal): Promise<Claims>;
  /** The claims of a document that the provider signed, whoever it is for. @throws BadToken */
  verifySignature(token: string, signal: AbortSignal): Promise<Claims>;
}

interface VerifierOptions {
  readonly jwksUri: string;
  /** What the provider says it signs with. */
  readonly algorithms: readonly string[];
  /** Undefined: any issuer will do. */
  readonly issuer: string | undefined;
  readonly clientId: string;
}

/** A token may begin to hold this far ahead, since clocks differ. */
const NOT_BEFORE_LEEWAY_SECONDS = 300;

// Neither `none` nor algorithms with a shared secret: whoever knows the client secret could sign anything.
const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^(EdDSA|Ed25519)$/;

/** Verifies with the key that the token names, or with each that could be meant when it names none. */
async function verifyWithAny(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (err) {
    if (!(err instanceof errors.JWKSMultipleMatchingKeys)) throw err;
    for await (const key of err) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (inner) {
        if (!(inner instanceof errors.JWSSignatureVerificationFailed)) throw inner;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Makes the checker of one provider's tokens. Golden: sso/oidc-token-checks */
export function createTokenVerifier({ jwksUri, algorithms, issuer, clientId }: VerifierOptions): TokenVerifier {
  const offered = algorithms.filter((algorithm) => ASYMMETRIC.test(algorithm));
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    timeoutDuration: PROVIDER_MS,
    // Providers rotate keys, and all tokens come from the provider itself: nobody else can cause requests.
    cooldownDuration: 0,
    [customFetch]: (url, { headers, signal }) => fetchBounded('keys', url, { headers, signal }),
  });

  /** Asks for fresh keys when none of the known ones signed the token, even if one of them has its name. */
  async function verifyWithFresh(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    try {
      return await verifyWithAny(token, keys, options);
    } catch (err) {
      if (!(err instanceof errors.JWSSignatureVerificationFailed)) throw err;
      await keys.reload();
      return verifyWithAny(token, keys, options);
    }
  }

  async function check(token: string, signal: AbortSignal, options: JWTVerifyOptions): Promise<JWTPayload> {
    if (token.length > MAX_CLAIMS_LENGTH) throw new BadToken('the token is too long');
    const common = {
      algorithms: offered.length > 0 ? offered : ['RS256'],
      clockTolerance: NOT_BEFORE_LEEWAY_SECONDS,
    };
    try {
      return await within(signal, verifyWithFresh(token, { ...common, ...options }));
    } catch (err) {
      const reason = err instanceof errors.JOSEError ? err.message : providerError(err).message;
      throw new BadToken(reason, { cause: err });
    }
  }

  return {
    verifySignature: async (token, signal) => cleanClaims(await check(token, signal, {})),

    async verify(token, nonce, signal) {
      const forUs = { audience: clientId, requiredClaims: ['exp'], ...(issuer !== undefined && { issuer }) };
      const claims = await check(token, signal, forUs);
      // The leeway is for the beginning alone.
      if ((claims.exp ?? 0) * 1000 <= Date.now()) throw new BadToken('the token has expired');
      if (claims.azp !== undefined && claims.azp !== clientId)
        throw new BadToken('the token was issued to another client (azp)');
      if (nonce !== undefined && claims.nonce !== nonce)
        throw new BadToken('the token was made for another login (nonce)');
      return cleanClaims(claims);
    },
  };
}
