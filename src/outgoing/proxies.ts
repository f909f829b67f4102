// Proxies for what is asked of providers; mail has its own way through them.
import * as http from 'node:http';
import type { OutgoingConfig } from '../config/outgoing.ts';
import { StartError } from '../start-error.ts';

/** Makes requests to providers go through the configured proxies. @throws StartError where the runtime cannot */
export function useProxies({ httpProxy, httpsProxy, noProxy }: OutgoingConfig): void {
  if (httpProxy === '' && httpsProxy === '') return;
  if (typeof http.setGlobalProxyFromEnv !== 'function')
    throw new StartError('HTTP_PROXY and HTTPS_PROXY need Node.js 24.14 or later.');
  http.setGlobalProxyFromEnv({ http_proxy: httpProxy, https_proxy: httpsProxy, no_proxy: noProxy.join(',') });
}
