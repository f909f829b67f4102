// Which push endpoints are refused, and with which words: the first fault in a fixed order.
import { expect, test } from 'vitest';
import { endpointProblem } from '../../src/services/webpush-endpoint.ts';

const NOT_ABSOLUTE = 'endpoint must be an absolute URL';
const NOT_HTTPS = 'endpoint URL scheme must be https';
const NO_HOST = 'endpoint host is required';
const USERINFO = 'endpoint URL must not include userinfo';
const NO_HOSTNAME = 'endpoint hostname is required';
const LOCALHOST = 'endpoint hostname must not be localhost';
const NOT_PUBLIC = 'endpoint IP must not be private, loopback, link-local, multicast, or unspecified';
const MALFORMED = 'endpoint is not a valid URL';

test.each([
  ['https://push.example/1'],
  ['HTTPS://push.example:8443/a?b#c'],
  ['https://203.0.113.9/1'],
  ['https://[2001:db8::1]/1'],
  ['https://localhost.example/1'],
  ['https://172.32.0.1/'],
  ['https://push.example/user@home'],
])('%s is a push endpoint', (endpoint) => {
  expect(endpointProblem(endpoint)).toBeUndefined();
});

test.each([
  ['', NOT_ABSOLUTE],
  ['/push', NOT_ABSOLUTE],
  ['//push.example/1', NOT_ABSOLUTE],
  ['push.example/1', NOT_ABSOLUTE],
  ['http://push.example/1', NOT_HTTPS],
  ['http://a:b@localhost/1', NOT_HTTPS],
  ['mailto:a@push.example', NOT_HTTPS],
  ['https:///1', NO_HOST],
  ['https:push.example', NO_HOST],
  ['https://', NO_HOST],
  ['https://a:b@push.example/1', USERINFO],
  ['https://a@localhost/1', USERINFO],
  ['https://:443/1', NO_HOSTNAME],
  ['https://localhost/1', LOCALHOST],
  ['https://LOCALHOST:8443/1', LOCALHOST],
  ['https://api.localhost./1', LOCALHOST],
  ['https://0.0.0.0/1', NOT_PUBLIC],
  ['https://127.0.0.1:9999/1', NOT_PUBLIC],
  ['https://10.1.2.3/1', NOT_PUBLIC],
  ['https://172.31.255.255/1', NOT_PUBLIC],
  ['https://192.168.0.1/1', NOT_PUBLIC],
  ['https://169.254.169.254/1', NOT_PUBLIC],
  ['https://239.1.1.1/1', NOT_PUBLIC],
  ['https://[::]/1', NOT_PUBLIC],
  ['https://[::1]:9999/1', NOT_PUBLIC],
  ['https://[fd00::1]/1', NOT_PUBLIC],
  ['https://[fe80::1%25eth0]/1', NOT_PUBLIC],
  ['https://[ff02::1]/1', NOT_PUBLIC],
  ['https://[::ffff:127.0.0.1]/1', NOT_PUBLIC],
  ['https://push.example/\n', MALFORMED],
  [':push', MALFORMED],
  ['https://push.example:port/1', MALFORMED],
  ['https://push example/1', MALFORMED],
])('%j is refused: %s', (endpoint, problem) => {
  expect(endpointProblem(endpoint)).toBe(problem);
});
