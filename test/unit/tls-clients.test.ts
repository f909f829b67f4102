// Which clients the HTTPS listener lets in by their certificates.
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { createCertificates } from '../../src/tls/certificates.ts';
import { createTlsListener } from '../../src/tls/listener.ts';
import { newAuthority } from '../support/certificates.ts';
import { pemFolder, shakeHands } from '../support/tls.ts';

const ours = newAuthority();
const files = pemFolder();
const settings = files.settings({ main: ours.issue(['127.0.0.1']) });
const CLIENTS = { nobody: {}, known: ours.issue(['kim']), stranger: newAuthority().issue(['kim']) };

/** Whether a client with these files gets as far as the server behind. */
async function isLetIn(port: number, files: object): Promise<boolean> {
  const socket = await shakeHands(port, { ca: ours.cert, ALPNProtocols: ['http/1.1'], ...files }).catch(
    () => undefined,
  );
  if (!socket) return false;
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  return text === 'in';
}

describe('clients', () => {
  it.each([
    ['none', { nobody: true, known: true, stranger: true }],
    ['request', { nobody: true, known: true, stranger: true }],
    ['require-any', { nobody: false, known: true, stranger: true }],
    ['verify-if-given', { nobody: true, known: true, stranger: false }],
    ['require-and-verify', { nobody: false, known: true, stranger: false }],
  ])('with %s: %j', async (mode, expected) => {
    const CODER_TLS_CLIENT_CA_FILE = files.put('clients.pem', ours.cert);
    const { tls } = readConfig({ ...settings, CODER_TLS_CLIENT_AUTH: mode, CODER_TLS_CLIENT_CA_FILE });
    if (tls === null) throw new Error('TLS is off');
    const log = pino({ level: 'silent' });
    const greet = (socket: { end(text: string): void }) => socket.end('in');
    const listener = createTlsListener(tls, createCertificates(tls, log), { h2: greet, 'http/1.1': greet }, log);
    const port = Number(new URL(await listener.listen()).port);
    const found: Record<string, boolean> = {};
    for (const [name, files] of Object.entries(CLIENTS)) found[name] = await isLetIn(port, files);
    listener.cut();
    await listener.close();
    expect(found).toEqual(expected);
  });

  it('a policy that verifies needs an authority', () => {
    expect(() => readConfig({ ...settings, CODER_TLS_CLIENT_AUTH: 'require-and-verify' })).toThrow(
      /^CODER_TLS_CLIENT_CA_FILE: is needed/,
    );
  });
});
