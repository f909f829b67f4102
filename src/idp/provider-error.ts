// What can go wrong at an identity provider: it says no, or it does not work.

/** The provider answered and refused; `code` is its own word for it (such as `invalid_grant`), "" when it gave none. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  readonly code: string;
  readonly description: string;

  constructor(code: string, description: string) {
    super([code, description].filter((part) => part !== '').join(': ') || 'the provider refused');
    this.code = code;
    this.description = description;
  }
}

/** The provider cannot be reached, takes too long, or answers what cannot be used; the message may be shown. */
export class ProviderFailure extends Error {
  override readonly name: string = 'ProviderFailure';
}

/** The provider has not been reached since the start, so its addresses are not known yet. */
export class ProviderUnready extends ProviderFailure {
  override readonly name = 'ProviderUnready';
}

/** Something that should be a token of the provider is not a good one; the message may be shown. */
export class BadToken extends Error {
  override readonly name = 'BadToken';
}

/** System codes that may be named to people who sign in; all others only say that the connection failed. */
const SYSTEM_CODE =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|ERR_TLS_\w+|UND_ERR_\w+)$/;

const KNOWN = [ProviderFailure, BadToken];

/**
 * The provider's error behind whatever a client library threw. Everything else is a failure of the provider, described
 * without addresses and contents.
 */
export function providerError(err: unknown): ProviderRefusal | ProviderFailure | BadToken {
  for (let cause = err; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ProviderRefusal) return cause;
    if (KNOWN.some((kind) => cause instanceof kind)) return cause;
    if (cause.name === 'TimeoutError' || cause.name === 'AbortError') {
      return new ProviderFailure('the provider did not answer in time', { cause: err });
    }
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string' && SYSTEM_CODE.test(code)) {
      return new ProviderFailure(`the provider cannot be reached (${code})`, { cause: err });
    }
  }
  return new ProviderFailure('the provider answered something unexpected', { cause: err });
}
