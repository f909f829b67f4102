// The login type of an account and the permit to convert it, as wire objects.
import type { OAuthConversionResponse, OIDCClaimsResponse } from '../codersdk/auth.ts';
import type { UserLoginType } from '../codersdk/users.ts';

/** codersdk.UserLoginType. Golden: users-extras */
export const presentLoginType = (loginType: string): UserLoginType => ({
  login_type: loginType as UserLoginType['login_type'],
});

/** codersdk.OIDCClaimsResponse */
export const presentOidcClaims = (claims: Record<string, unknown>): OIDCClaimsResponse => ({ claims });

/** codersdk.OAuthConversionResponse. Golden: users-convert-login */
export const presentConversion = (permit: {
  state: string;
  expiresAt: string;
  toType: 'oidc' | 'github';
  userId: string;
}): OAuthConversionResponse => ({
  state_string: permit.state,
  expires_at: permit.expiresAt,
  to_type: permit.toType,
  user_id: permit.userId,
});
