// Wire types of signing in: methods, login, passwords, passcodes, conversion of the login type.

import { z } from 'zod';
import { count } from './answers.ts';
import { LoginType, Time, Uuid } from './common.ts';
import { MAX_DESCRIPTION, MAX_LABEL, MAX_PASSWORD, MAX_WORD } from './sizes.ts';
import { email } from './users.ts';
import { goString, required, text } from './wire.ts';

const AuthMethod = z.object({ enabled: z.boolean() }).meta({ id: 'codersdk.AuthMethod' });

export const AuthMethods = z
  .object({
    terms_of_service_url: z.string().optional(),
    password: AuthMethod,
    github: z
      .object({ enabled: z.boolean(), default_provider_configured: z.boolean() })
      .meta({ id: 'codersdk.GithubAuthMethod' }),
    oidc: z
      .object({ enabled: z.boolean(), signInText: z.string(), iconUrl: z.string() })
      .meta({ id: 'codersdk.OIDCAuthMethod' }),
  })
  .meta({ id: 'codersdk.AuthMethods' });
export type AuthMethods = z.infer<typeof AuthMethods>;

export const LoginWithPasswordRequest = z
  .object({ email: email(), password: required(goString(MAX_PASSWORD)) })
  .meta({ id: 'codersdk.LoginWithPasswordRequest' });
export type LoginWithPasswordRequest = z.output<typeof LoginWithPasswordRequest>;

export const LoginWithPasswordResponse = z
  .object({ session_token: text(MAX_WORD).meta({ required: true }) })
  .meta({ id: 'codersdk.LoginWithPasswordResponse' });
export type LoginWithPasswordResponse = z.infer<typeof LoginWithPasswordResponse>;

export const ValidateUserPasswordRequest = z
  .object({ password: required(goString(MAX_PASSWORD)) })
  .meta({ id: 'codersdk.ValidateUserPasswordRequest' });

export const ValidateUserPasswordResponse = z
  .object({ valid: z.boolean(), details: text(MAX_LABEL) })
  .meta({ id: 'codersdk.ValidateUserPasswordResponse' });
export type ValidateUserPasswordResponse = z.infer<typeof ValidateUserPasswordResponse>;

export const RequestOneTimePasscodeRequest = z
  .object({ email: email() })
  .meta({ id: 'codersdk.RequestOneTimePasscodeRequest' });

export const ChangePasswordWithOneTimePasscodeRequest = z
  .object({
    email: email(),
    password: required(goString(MAX_PASSWORD)),
    one_time_passcode: required(goString(MAX_LABEL)),
  })
  .meta({ id: 'codersdk.ChangePasswordWithOneTimePasscodeRequest' });
export type ChangePasswordWithOneTimePasscodeRequest = z.output<typeof ChangePasswordWithOneTimePasscodeRequest>;

export const ConvertLoginRequest = z
  .object({ to_type: required(goString(MAX_WORD)), password: required(goString(MAX_PASSWORD)) })
  .meta({ id: 'codersdk.ConvertLoginRequest' });
export type ConvertLoginRequest = z.output<typeof ConvertLoginRequest>;

/** Query parameters of the first half of a conversion; anything but a written-out true is false. */
export const ConvertLoginQuery = z.object({
  keep_tokens: z.boolean().optional().describe('Keep named tokens; sessions and other keys end with the conversion'),
});

export const OAuthConversionResponse = z
  .object({ state_string: text(MAX_DESCRIPTION), expires_at: Time, to_type: LoginType, user_id: Uuid })
  .meta({ id: 'codersdk.OAuthConversionResponse' });
export type OAuthConversionResponse = z.infer<typeof OAuthConversionResponse>;

export const ExternalAuthDevice = z
  .object({
    device_code: z.string(),
    user_code: z.string(),
    verification_uri: z.string(),
    expires_in: count(),
    interval: count(),
  })
  .meta({ id: 'codersdk.ExternalAuthDevice' });
export type ExternalAuthDevice = z.infer<typeof ExternalAuthDevice>;

/** What the page of the device flow gets instead of a redirect. */
export const OAuth2DeviceFlowCallbackResponse = z
  .object({ redirect_url: z.string() })
  .meta({ id: 'codersdk.OAuth2DeviceFlowCallbackResponse' });

export const OIDCClaimsResponse = z
  .object({ claims: z.record(z.string(), z.unknown()) })
  .meta({ id: 'codersdk.OIDCClaimsResponse' });
export type OIDCClaimsResponse = z.infer<typeof OIDCClaimsResponse>;
