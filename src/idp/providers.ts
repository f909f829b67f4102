// The identity providers of this process, made once from the settings.
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createGithubProvider, type GithubProvider } from './github.ts';
import { createOidcProvider, type OidcProvider } from './oidc.ts';
import type { ExternalLoginType, IdentityProvider } from './provider.ts';

/** The clients by login type, each behind the one interface of provider.ts. */
export interface IdentityProviders extends Readonly<Record<ExternalLoginType, IdentityProvider | null>> {
  /** Null while OpenID Connect is off. */
  readonly oidc: OidcProvider | null;
  /** Null while GitHub is off. */
  readonly github: GithubProvider | null;
  /**
   * Waits for the first answer of the OpenID provider, at most `withinMs`: a dead one does not hold the start up.
   * @throws StartError when the answer shows that the settings are wrong
   */
  started(withinMs: number): Promise<void>;
  /** Stops looking for a provider that has not answered yet. */
  close(): void;
}

/** For work that signs nobody in. */
export const NO_PROVIDERS: IdentityProviders = {
  oidc: null,
  github: null,
  started: async () => undefined,
  close: () => undefined,
};

/** Makes the clients; the OpenID provider is looked for at once, in the background. */
export function createIdentityProviders(
  config: Pick<Config, 'oidc' | 'github' | 'accessUrl'>,
  log: Logger,
): IdentityProviders {
  const oidc = config.oidc && createOidcProvider(config.oidc, log);
  return {
    oidc,
    github: config.github && createGithubProvider(config.github, config.accessUrl),
    async started(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      try {
        await Promise.race([oidc?.started, timeout]);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => oidc?.close(),
  };
}
