// Finds out where an OpenID provider's endpoints are: at start, without holding it up, and again until the provider answers.

import * as client from 'openid-client';
import type { Logger } from 'pino';
import type { OidcConfig } from '../config.ts';
import { once } from '../in-flight.ts';
import { StartError } from '../start-error.ts';
import { fetchBounded, providerDeadline } from './http.ts';
import { ProviderFailure, ProviderUnready, providerError } from './provider-error.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

export interface Discovered {
  readonly metadata: client.ServerMetadata;
  readonly configuration: client.Configuration;
  readonly usesPkce: boolean;
  readonly verifier: TokenVerifier;
}

export interface Discovery {
  /** Ends with the first attempt; rejects with StartError when the provider's answer shows that the settings are wrong. */
  readonly started: Promise<void>;
  /** Why the provider cannot be used right now; undefined when it can. */
  problem(): string | undefined;
  /** What was discovered. While there is nothing yet, waits for one more attempt. @throws ProviderUnready */
  ready(): Promise<Discovered>;
  /** Stops trying. */
  close(): void;
}

const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000];
/** Statuses below 500 that pass; all others say that there is no provider at this address. */
const PASSING_STATUSES = new Set([408, 425, 429]);

const wellKnownUrl = (issuer: string) => new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);

/** Whether tokens may be sent to an address: in the clear only to a provider that is configured so. */
const isEndpoint = (value: string | undefined, isInsecure: boolean) =>
  (isInsecure ? /^https?:$/ : /^https:$/).test(URL.parse(value ?? '')?.protocol ?? '');

/** One attempt. @throws StartError for what no other attempt will change, ProviderFailure for everything else */
export async function discover(config: OidcConfig): Promise<Discovered> {
  // An issuer that is configured as plain http may have endpoints that are, too.
  const isInsecure = config.issuerUrl.toLowerCase().startsWith('http:');
  const signal = providerDeadline();
  const wrong = (problem: string) => new StartError(`CODER_OIDC_ISSUER_URL: ${problem}`);
  let status = 0;
  let configuration: client.Configuration;
  try {
    configuration = await client.discovery(wellKnownUrl(config.issuerUrl), config.clientId, undefined, client.None(), {
      execute: isInsecure ? [client.allowInsecureRequests] : [],
      [client.customFetch]: async (url, { headers }) => {
        const response = await fetchBounded('discovery', url, { headers, signal });
        status = response.status;
        return response;
      },
    });
  } catch (err) {
    if (status >= 400 && status < 500 && !PASSING_STATUSES.has(status)) {
      throw wrong(`there is no discovery document at ${wellKnownUrl(config.issuerUrl).href} (status ${status})`);
    }
    if (status !== 0 && status !== 200) throw new ProviderFailure(`its discovery document has status ${status}`);
    throw status === 200 ? new ProviderFailure('its discovery document cannot be read') : providerError(err);
  }
  const metadata = configuration.serverMetadata();
  if (!config.skipIssuerChecks && metadata.issuer !== config.issuerUrl) {
    throw wrong(
      `the provider calls itself ${JSON.stringify(metadata.issuer)}, which must be the same letter for letter`,
    );
  }
  const { authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri = '' } = metadata;
  const endpoints = [
    authorization_endpoint,
    token_endpoint,
    jwks_uri,
    ...(userinfo_endpoint === undefined ? [] : [userinfo_endpoint]),
  ];
  if (!endpoints.every((endpoint) => isEndpoint(endpoint, isInsecure))) {
    throw new ProviderFailure('its discovery document lacks endpoints that can be used');
  }
  return {
    metadata,
    configuration,
    usesPkce: metadata.code_challenge_methods_supported?.includes('S256') ?? false,
    verifier: createTokenVerifier({
      jwksUri: jwks_uri,
      algorithms: metadata.id_token_signing_alg_values_supported ?? [],
      issuer: config.skipIssuerChecks ? undefined : config.issuerUrl,
      clientId: config.clientId,
    }),
  };
}

/** Begins to look for the provider. Rules: docs/differences.md 18; golden: sso/startup. */
export function createDiscovery(config: OidcConfig, log: Logger): Discovery {
  const atATime = once<'discovery', Discovered>();
  let found: Discovered | undefined;
  let problem = 'the provider has not answered yet';
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function attempt(): Promise<Discovered> {
    clearTimeout(timer);
    try {
      found = await discover(config);
    } catch (err) {
      failures += 1;
      const reason = err instanceof Error ? err.message : String(err);
      if (reason !== problem)
        log.warn({ issuer: config.issuerUrl, reason }, 'the OpenID Connect provider cannot be used, trying again');
      problem = reason;
      if (!closed) {
        timer = setTimeout(() => look().catch(() => undefined), RETRY_MS[Math.min(failures, RETRY_MS.length) - 1]);
        timer.unref();
      }
      throw err;
    }
    if (failures > 0) log.info({ issuer: config.issuerUrl }, 'the OpenID Connect provider answers now');
    return found;
  }

  const look = () => atATime('discovery', attempt);
  const started = look().then(
    () => undefined,
    (err: unknown) => {
      if (err instanceof StartError) throw err;
    },
  );
  // Whoever does not wait for the first attempt learns of it through `problem`.
  started.catch(() => undefined);

  return {
    started,
    problem: () => (found ? undefined : problem),
    async ready() {
      if (found) return found;
      try {
        return await look();
      } catch (err) {
        throw new ProviderUnready(err instanceof ProviderFailure ? err.message : problem, { cause: err });
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
