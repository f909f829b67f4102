// Certificates for tests, self-signed or by an authority made in the test: as little of X.509 (RFC 5280) as OpenSSL accepts.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
/** A context-specific tag that holds others. */
const context = (tag: number) => 0xa0 + tag;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const BOOLEAN = 0x01;

/** Tag, length, content; the content is bytes, text or what this function made. */
function der(tag: number, ...content: (Buffer | string | number[])[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part as string)));
  const { length } = body;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const ECDSA_WITH_SHA256 = der(SEQUENCE, der(OID, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const SHA256_WITH_RSA = der(SEQUENCE, der(OID, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), [0x05, 0]);
const COMMON_NAME = der(OID, [0x55, 0x04, 0x03]);
const SUBJECT_ALT_NAME = der(OID, [0x55, 0x1d, 0x11]);
const BASIC_CONSTRAINTS = der(OID, [0x55, 0x1d, 0x13]);

/** A certificate and its key, as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

interface Wishes {
  /** Names and IPv4 addresses; the first is the subject. */
  hosts: readonly string[];
  key: KeyObject;
  /** Without one the certificate signs itself. */
  issuer?: { readonly name: string; readonly key: KeyObject };
  isAuthority?: boolean;
  /** As YYMMDD. */
  from?: string;
  to?: string;
}

const nameOf = (host: string) => der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, host))));
const alternative = (host: string) =>
  isIPv4(host) ? der(IP_ADDRESS, host.split('.').map(Number)) : der(DNS_NAME, host);

function certificate({ hosts, key, issuer, isAuthority = false, from = '200101', to = '491231' }: Wishes): string {
  const [subject = ''] = hosts;
  const signer = issuer?.key ?? key;
  const algorithm = signer.asymmetricKeyType === 'rsa' ? SHA256_WITH_RSA : ECDSA_WITH_SHA256;
  const extension = isAuthority
    ? der(SEQUENCE, BASIC_CONSTRAINTS, der(OCTET_STRING, der(SEQUENCE, der(BOOLEAN, [0xff]))))
    : der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, der(SEQUENCE, ...hosts.map(alternative))));
  const content = der(
    SEQUENCE,
    der(context(0), der(INTEGER, [2])),
    der(INTEGER, [1, ...randomBytes(8)]),
    algorithm,
    nameOf(issuer?.name ?? subject),
    der(SEQUENCE, der(UTC_TIME, `${from}000000Z`), der(UTC_TIME, `${to}235959Z`)),
    nameOf(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(context(3), der(SEQUENCE, extension)),
  );
  const whole = der(SEQUENCE, content, algorithm, der(BIT_STRING, [0], sign('sha256', content, signer)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** A certificate (PEM) of `host` for the given key, good from 2020 to 2049. */
export const selfSigned = (host: string, key: KeyObject): string => certificate({ hosts: [host], key });

const freshKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

export interface Authority {
  /** Its certificate (PEM). */
  readonly cert: string;
  /** A certificate for these names and addresses with a key of its own. */
  issue(hosts: readonly string[], time?: { from?: string; to?: string }): Pair;
}

/** An authority that nobody knows yet. */
export function newAuthority(name = `authority ${randomBytes(4).toString('hex')}`): Authority {
  const key = freshKey();
  return {
    cert: certificate({ hosts: [name], key, isAuthority: true }),
    issue: (hosts, time = {}) => {
      const own = freshKey();
      return { cert: certificate({ hosts, key: own, issuer: { name, key }, ...time }), key: pem(own) };
    },
  };
}
