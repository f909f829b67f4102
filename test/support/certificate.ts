// Self-signed certificates for tests: as little of X.509 (RFC 5280) as Node and OpenSSL accept.
import { createPublicKey, type KeyObject, sign } from 'node:crypto';

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

/** Tag, length, content; the content is bytes, text or what this function made. */
function der(tag: number, ...content: (Buffer | string | number[])[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part as string)));
  const { length } = body;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const SHA256_WITH_RSA = der(SEQUENCE, der(OID, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), [0x05, 0]);
const COMMON_NAME = der(OID, [0x55, 0x04, 0x03]);
const SUBJECT_ALT_NAME = der(OID, [0x55, 0x1d, 0x11]);

/** A certificate (PEM) of `host` for the given RSA key, good from 2020 to 2049. */
export function selfSigned(host: string, key: KeyObject): string {
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, host))));
  const alternative = der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, der(SEQUENCE, der(DNS_NAME, host))));
  const content = der(
    SEQUENCE,
    der(context(0), der(INTEGER, [2])),
    der(INTEGER, [1]),
    SHA256_WITH_RSA,
    name,
    der(SEQUENCE, der(UTC_TIME, '200101000000Z'), der(UTC_TIME, '491231235959Z')),
    name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(context(3), der(SEQUENCE, alternative)),
  );
  const whole = der(SEQUENCE, content, SHA256_WITH_RSA, der(BIT_STRING, [0], sign('sha256', content, key)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
