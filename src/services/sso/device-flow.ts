// The device flow of GitHub: the code that people type in there, while their browser waits here.
import type { Ctx } from '../../ctx.ts';
import { ApiError, badRequest } from '../../errors.ts';
import type { DeviceCode } from '../../idp/github.ts';
import { providerDeadline } from '../../idp/http.ts';
import { ProviderRefusal } from '../../idp/provider-error.ts';
import { isOn } from './first-contact.ts';

/**
 * Starts a device authorization. Golden: sso/github-device, sso/github-com
 * @throws ApiError 400 while GitHub or the device flow is off, or when GitHub refuses; 502 when it fails
 */
export async function startDeviceFlow(ctx: Ctx): Promise<DeviceCode> {
  const { github } = ctx.idp;
  if (!github || !(await isOn(ctx, 'github'))) throw badRequest('Github OAuth2 is not enabled.');
  if (!github.usesDeviceFlow) throw badRequest('Device flow is not enabled for Github OAuth2.');
  try {
    return await github.createDeviceCode(providerDeadline());
  } catch (err) {
    const message = 'Failed to authorize device.';
    if (err instanceof ProviderRefusal) throw badRequest(message, { detail: err.description });
    throw new ApiError(502, message, { detail: err instanceof Error ? err.message : '', cause: err });
  }
}
