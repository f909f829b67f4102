import { describe, expect, it } from 'vitest';
import { clientIp, networkOf } from '../../src/http/client-ip.ts';

const NONE = { trustedHeaders: [], trustedOrigins: [] };
const PROXY = {
  trustedHeaders: ['x-forwarded-for', 'true-client-ip'],
  trustedOrigins: ['10.0.0.0/8', '192.168.7.0/24', 'fd00::/8'],
};

describe('without trusted proxies', () => {
  it('headers change nothing', () => {
    expect(clientIp('203.0.113.9', { 'x-forwarded-for': '1.2.3.4' }, NONE)).toBe('203.0.113.9');
    expect(clientIp('203.0.113.9', { 'x-forwarded-for': '1.2.3.4' }, PROXY)).toBe('203.0.113.9');
    const headersOnly = { ...PROXY, trustedOrigins: [] };
    expect(clientIp('10.0.0.1', { 'x-forwarded-for': '1.2.3.4' }, headersOnly)).toBe('10.0.0.1');
  });

  it.each<[string | undefined, string]>([
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:cb00:7109', '203.0.113.9'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['', '0.0.0.0'],
    [undefined, '0.0.0.0'],
    ['/run/app.sock', '0.0.0.0'],
  ])('the connection %s counts as %s', (remote, ip) => {
    expect(clientIp(remote, {}, NONE)).toBe(ip);
  });
});

describe('behind a trusted proxy', () => {
  it.each<[string, string, string]>([
    ['one address', '198.51.100.7', '198.51.100.7'],
    ['a list forged by the client on the left', '1.2.3.4, 5.6.7.8, 198.51.100.7', '198.51.100.7'],
    ['further trusted proxies in between', '1.2.3.4, 198.51.100.7, 10.9.9.9, 192.168.7.1', '198.51.100.7'],
    ['trusted addresses only', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['something unreadable on the left', 'unknown, 10.2.2.2', '10.2.2.2'],
    ['something unreadable left of the client', '1.2.3.4, x, 198.51.100.7', '198.51.100.7'],
    ['something unreadable at the end', '198.51.100.7, unknown', '10.1.2.3'],
    ['nothing', '', '10.1.2.3'],
    ['a port', '198.51.100.7:51234', '198.51.100.7'],
    ['IPv6 in brackets with a port', '[2001:db8::7]:51234', '2001:db8::7'],
    ['IPv6 in brackets', '[2001:DB8::7]', '2001:db8::7'],
    ['plain IPv6', '2001:db8::7', '2001:db8::7'],
    ['a trusted IPv6 proxy', '198.51.100.7, fd12::1', '198.51.100.7'],
    ['mapped IPv4', '::ffff:198.51.100.7', '198.51.100.7'],
    ['a trusted proxy in mapped form', '198.51.100.7, ::ffff:10.9.9.9', '198.51.100.7'],
  ])('%s: %j gives %s', (_, header, ip) => {
    expect(clientIp('10.1.2.3', { 'x-forwarded-for': header }, PROXY)).toBe(ip);
  });

  it('the connection may be in IPv4-mapped form or IPv6', () => {
    expect(clientIp('::ffff:10.1.2.3', { 'x-forwarded-for': '198.51.100.7' }, PROXY)).toBe('198.51.100.7');
    expect(clientIp('fd00::5', { 'x-forwarded-for': '198.51.100.7' }, PROXY)).toBe('198.51.100.7');
  });

  it('the headers count in the configured order, the first with an address wins', () => {
    const both = { 'true-client-ip': '198.51.100.1', 'x-forwarded-for': '198.51.100.2' };
    expect(clientIp('10.1.2.3', both, PROXY)).toBe('198.51.100.2');
    const reversed = { ...PROXY, trustedHeaders: ['true-client-ip', 'x-forwarded-for'] };
    expect(clientIp('10.1.2.3', both, reversed)).toBe('198.51.100.1');
    expect(clientIp('10.1.2.3', { ...both, 'x-forwarded-for': 'unknown' }, PROXY)).toBe('198.51.100.1');
  });

  it('a header that is not trusted is not read', () => {
    expect(clientIp('10.1.2.3', { 'x-real-ip': '198.51.100.7' }, PROXY)).toBe('10.1.2.3');
  });

  it('a repeated header is one list', () => {
    const headers = { 'x-forwarded-for': ['1.2.3.4', '198.51.100.7'] };
    expect(clientIp('10.1.2.3', headers, PROXY)).toBe('198.51.100.7');
  });
});

describe('the key under which an address is counted', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:db8::1:0:0:1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::198.51.100.7', '64:ff9b:0:0::/64'],
  ])('%s is counted as %s', (ip, key) => {
    expect(networkOf(ip)).toBe(key);
  });

  it('addresses of one /64 share it, those of the next do not', () => {
    expect(networkOf('2001:db8:0:1::1')).toBe(networkOf('2001:db8:0:1:ffff::'));
    expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8:0:2::1'));
  });
});
