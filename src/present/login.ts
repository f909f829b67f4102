// What signing in answers: the ways to do it, the first user, a session, the verdict on a password, the device flow.
import type {
  AuthMethods,
  ExternalAuthDevice,
  LoginWithPasswordResponse,
  ValidateUserPasswordResponse,
} from '../codersdk/auth.ts';
import type { CreateFirstUserResponse } from '../codersdk/users.ts';

/** codersdk.AuthMethods; null for a provider that is off. Golden: session-companions, session-authmethods-github */
export const presentAuthMethods = (row: {
  termsOfServiceUrl: string;
  password: boolean;
  github: { isDefaultProvider: boolean } | null;
  oidc: { signInText: string; iconUrl: string } | null;
}): AuthMethods => ({
  ...(row.termsOfServiceUrl && { terms_of_service_url: row.termsOfServiceUrl }),
  password: { enabled: row.password },
  github: { enabled: row.github !== null, default_provider_configured: row.github?.isDefaultProvider === true },
  oidc: {
    enabled: row.oidc !== null,
    signInText: row.oidc?.signInText ?? '',
    iconUrl: row.oidc?.iconUrl ?? '',
  },
});

/** codersdk.CreateFirstUserResponse. Golden: session-first-user */
export const presentFirstUser = (row: { userId: string; organizationId: string }): CreateFirstUserResponse => ({
  user_id: row.userId,
  organization_id: row.organizationId,
});

/** codersdk.LoginWithPasswordResponse. Golden: session-login-accounts */
export const presentSession = (key: string): LoginWithPasswordResponse => ({ session_token: key });

/** codersdk.ValidateUserPasswordResponse; `problem` is undefined for a password that is strong enough. */
export const presentPasswordVerdict = (problem: string | undefined): ValidateUserPasswordResponse => ({
  valid: problem === undefined,
  details: problem ?? '',
});

/** codersdk.ExternalAuthDevice. Source: the documented operation of GitHub's device flow */
export const presentDeviceCode = (code: {
  deviceCode: string;
  userCode: string;
  verificationUri: string;
  expiresInSeconds: number;
  intervalSeconds: number;
}): ExternalAuthDevice => ({
  device_code: code.deviceCode,
  user_code: code.userCode,
  verification_uri: code.verificationUri,
  expires_in: code.expiresInSeconds,
  interval: code.intervalSeconds,
});
