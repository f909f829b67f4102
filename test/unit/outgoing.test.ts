// Which proxy a connection to others takes.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';

const proxyOf = (relay: string, env: Record<string, string>) =>
  readConfig({ CODER_EMAIL_SMARTHOST: relay, CODER_EMAIL_FROM: 'a@b.example', ...env }).email?.proxy;

describe('the proxy for mail', () => {
  it.each([
    ['http://proxy:3128', { HTTPS_PROXY: 'http://proxy:3128' }],
    ['http://proxy:3128', { HTTPS_PROXY: 'proxy:3128' }],
    ['http://lower:1', { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1' }],
    ['http://proxy:3128', { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'other.example,ay.example,mail' }],
    ['http://proxy:3128', { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'relay.example:25' }],
    [undefined, { HTTP_PROXY: 'http://proxy:3128' }],
    [undefined, { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '*' }],
    [undefined, { HTTPS_PROXY: 'http://proxy:3128', no_proxy: 'x, RELAY.example' }],
    [undefined, { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.example' }],
    [undefined, { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '*.example relay' }],
    [undefined, { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'relay.example:587' }],
  ])('is %s with %j', (proxy, env) => {
    expect(proxyOf('relay.example:587', env)).toBe(proxy);
  });

  it.each(['localhost:25', '127.0.0.1:25', '[::1]:25'])('is none for %s', (relay) => {
    expect(proxyOf(relay, { HTTPS_PROXY: 'http://proxy:3128' })).toBeUndefined();
  });

  it.each(['socks5://proxy:1080', 'http://', 'http://user:secret@'])('%s is refused without being shown', (value) => {
    expect(() => readConfig({ HTTPS_PROXY: value })).toThrow(/^HTTPS_PROXY: is not the address/);
  });
});
