// Checking tokens of an OpenID provider with its published keys: which are believed, and when the keys are asked for.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenVerifier } from '../../src/idp/token-verifier.ts';

const ISSUER = 'https://idp.test';
const CLIENT = 'client';

interface Key {
  alg: string;
  kid?: string;
  private: KeyObject;
  public: Record<string, unknown>;
}

const DIGESTS: Record<string, string | null> = { RS256: 'sha256', ES256: 'sha256', EdDSA: null, Ed25519: null };

function aKey(alg: string, kid?: string): Key {
  const pair =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  const named = kid === undefined ? {} : { kid };
  return { alg, ...named, private: pair.privateKey, public: { ...pair.publicKey.export({ format: 'jwk' }), ...named } };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

function aToken(key: Key, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
  const all = { iss: ISSUER, aud: CLIENT, sub: 'somebody', exp: inSeconds(60), nonce: 'n', ...claims };
  const input = `${encode({ alg: key.alg, ...(key.kid && { kid: key.kid }), ...header })}.${encode(all)}`;
  const options = key.alg === 'ES256' ? { key: key.private, dsaEncoding: 'ieee-p1363' as const } : key.private;
  return `${input}.${sign(DIGESTS[key.alg] ?? null, Buffer.from(input), options).toString('base64url')}`;
}

let server: Server;
let jwksUri: string;
let published: unknown;
let requests = 0;

beforeAll(async () => {
  server = createServer((_request, response) => {
    requests += 1;
    if (published === 'never') return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(published));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});

beforeEach(() => {
  requests = 0;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ALL = ['RS256', 'ES256', 'EdDSA', 'Ed25519', 'HS256', 'none'];

/** A verifier of a provider that publishes these keys, and what it says of a token: the subject, or why not. */
function aVerifier(keys: Key[], algorithms: string[] = ALL, issuer: string | undefined = ISSUER) {
  published = { keys: keys.map((key) => key.public) };
  const verifier = createTokenVerifier({ jwksUri, algorithms, issuer, clientId: CLIENT });
  return (token: string, nonce: string | undefined = 'n', milliseconds = 3000) =>
    verifier.verify(token, nonce, AbortSignal.timeout(milliseconds)).then(
      ({ sub }) => sub,
      (err: Error) => err.name,
    );
}

describe('a token is believed', () => {
  it.each(['RS256', 'ES256', 'EdDSA', 'Ed25519'])('signed with %s', async (alg) => {
    const key = aKey(alg, 'k');
    expect(await aVerifier([key])(aToken(key))).toBe('somebody');
  });

  it('that names no key, if one of those that could be meant signed it', async () => {
    const keys = [aKey('RS256', 'a'), aKey('RS256', 'b'), aKey('RS256', 'c')];
    const { kid: _, ...nameless } = keys[1] as Key;
    expect(await aVerifier(keys)(aToken(nameless))).toBe('somebody');
    expect(await aVerifier(keys)(aToken(aKey('RS256')))).toBe('BadToken');
  });

  it('that ends this very minute, was issued yesterday, or begins in four minutes', async () => {
    const key = aKey('ES256', 'k');
    const check = aVerifier([key]);
    for (const claims of [{ exp: inSeconds(5) }, { iat: inSeconds(-86_400) }, { nbf: inSeconds(240) }])
      expect(await check(aToken(key, claims))).toBe('somebody');
  });

  it('of any issuer only where that is not checked', async () => {
    const key = aKey('ES256', 'k');
    const verifier = createTokenVerifier({ jwksUri, algorithms: ALL, issuer: undefined, clientId: CLIENT });
    published = { keys: [key.public] };
    const claims = await verifier.verify(aToken(key, { iss: 'https://b.test' }), 'n', AbortSignal.timeout(3000));
    expect(claims.iss).toBe('https://b.test');
    expect(await aVerifier([key])(aToken(key, { iss: 'https://b.test' }))).toBe('BadToken');
  });
});

describe('a token is refused', () => {
  const key = aKey('ES256', 'k');

  it.each<[string, Record<string, unknown>]>([
    ['that has ended, by however little', { exp: inSeconds(-1) }],
    ['without an end', { exp: undefined }],
    ['whose end is a text', { exp: '9999999999' }],
    ['that begins in an hour', { nbf: inSeconds(3600) }],
    ['for somebody else', { aud: ['another', 'one'] }],
    ['for nobody', { aud: undefined }],
    ['of no issuer', { iss: undefined }],
    ['issued to another client', { azp: 'another' }],
    ['made for another login', { nonce: 'm' }],
    ['made for no login', { nonce: undefined }],
  ])('%s', async (_title, claims) => {
    expect(await aVerifier([key])(aToken(key, claims))).toBe('BadToken');
  });

  it('whose algorithm the provider does not announce, and any that needs no private key', async () => {
    expect(await aVerifier([key], ['RS256'])(aToken(key))).toBe('BadToken');
    const [, payload] = aToken(key).split('.');
    const unsigned = `${encode({ alg: 'none' })}.${payload}.`;
    const input = `${encode({ alg: 'HS256', kid: 'k' })}.${payload}`;
    const withPublicKey = `${input}.${createHmac('sha256', JSON.stringify(key.public)).update(input).digest('base64url')}`;
    for (const token of [unsigned, withPublicKey, 'no.token', '', '..', `${aToken(key)}x`])
      expect(await aVerifier([key])(token)).toBe('BadToken');
  });

  it('with extensions that must be understood', async () => {
    expect(await aVerifier([key])(aToken(key, {}, { crit: ['exp'], exp: 1 }))).toBe('BadToken');
  });
});

describe('the keys', () => {
  it('are asked for once for as long as they will do', async () => {
    const key = aKey('ES256', 'k');
    const check = aVerifier([key]);
    const answers = await Promise.all(Array.from({ length: 5 }, () => check(aToken(key))));
    expect([...answers, await check(aToken(key))]).toEqual(Array(6).fill('somebody'));
    expect(requests).toBe(1);
  });

  it('are asked for again when none has the name, or when the one of that name signed something else', async () => {
    const [first, second, third] = [aKey('ES256', 'a'), aKey('ES256', 'b'), aKey('ES256', 'b')];
    const check = aVerifier([first]);
    expect(await check(aToken(first))).toBe('somebody');
    for (const key of [second, third]) {
      published = { keys: [key.public] };
      expect(await check(aToken(key))).toBe('somebody');
    }
    expect(requests).toBe(3);
  });

  it.each<[string, unknown]>([
    ['are no key set', { nothing: true }],
    ['are no JSON object', 'text'],
    ['have no end', { keys: [], padding: 'x'.repeat(2 ** 20) }],
    ['never come', 'never'],
  ])('that %s let nobody in', async (_title, answer) => {
    const key = aKey('ES256', 'k');
    const check = aVerifier([]);
    published = answer;
    expect(await check(aToken(key), 'n', 500)).toBe('BadToken');
  });
});
