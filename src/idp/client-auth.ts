// How this server proves to an OpenID provider that it is the client it says it is.
import { createPrivateKey, hash, X509Certificate } from 'node:crypto';
import * as client from 'openid-client';
import type { OidcConfig } from '../config.ts';

/** Signs with the configured RSA key; the header names the certificate, as some providers require. */
async function keyFileAuth({
  keyPem,
  certificatePem,
}: NonNullable<OidcConfig['clientAssertion']>): Promise<client.ClientAuth> {
  const pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const x5t = certificatePem && hash('sha1', new X509Certificate(certificatePem).raw, 'base64url');
  return client.PrivateKeyJwt(key, {
    [client.modifyAssertion](header) {
      header.typ = 'JWT';
      if (x5t !== undefined) header.x5t = x5t;
    },
  });
}

/**
 * The ways to prove ourselves that the provider announces, in the order to try them (docs/differences.md 28). A provider
 * that says nothing of a secret is asked with HTTP Basic and, if it refuses that, with the secret in the form.
 * @param announced `token_endpoint_auth_methods_supported` of the discovery document
 */
export async function clientAuthMethods(
  config: OidcConfig,
  announced: readonly string[] = [],
): Promise<client.ClientAuth[]> {
  if (config.clientAssertion) return [await keyFileAuth(config.clientAssertion)];
  const { clientSecret } = config;
  if (clientSecret === '') return [client.None()];
  const ways = [
    { method: 'client_secret_basic', way: client.ClientSecretBasic(clientSecret) },
    { method: 'client_secret_post', way: client.ClientSecretPost(clientSecret) },
  ];
  const wanted = ways.filter(({ method }) => announced.includes(method));
  return (wanted.length > 0 ? wanted : ways).map(({ way }) => way);
}
