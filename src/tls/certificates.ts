// Certificates of the HTTPS listener: read, checked and, when they are read anew, replaced as a whole or not at all.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import type { TlsConfig } from '../config/tls.ts';
import { StartError } from '../start-error.ts';

const CERTS = 'CODER_TLS_CERT_FILE';
const KEYS = 'CODER_TLS_KEY_FILE';
const SOON_MS = 14 * 24 * 3600 * 1000;

interface Pair {
  readonly certFile: string;
  readonly leaf: X509Certificate;
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
}

export interface Certificates {
  /** For the listener: those of the first pair, for whoever asks for no name. */
  options(): SecureContextOptions;
  /** The pair for a server name: its own certificate, else one with a wildcard for it, else the first. */
  contextFor(serverName: string): SecureContext;
  /** Reads the files anew. @throws StartError when they cannot serve; what was there before stays in force */
  reload(): void;
}

const bad = (variable: string, file: string, problem: string) =>
  new StartError(`${variable}: the file ${JSON.stringify(file)} ${problem}`);

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (err) {
    throw bad(variable, file, `cannot be read (${(err as NodeJS.ErrnoException).code})`);
  }
}

function parsed<T>(make: () => T, otherwise: () => StartError): T {
  try {
    return make();
  } catch {
    throw otherwise();
  }
}

function readPair({ certFile, keyFile }: TlsConfig['pairs'][number], shared: SecureContextOptions): Pair {
  const [cert, key] = [read(CERTS, certFile), read(KEYS, keyFile)];
  const leaf = parsed(
    () => new X509Certificate(cert),
    () => bad(CERTS, certFile, 'does not begin with a certificate in PEM form'),
  );
  const privateKey = parsed(
    () => createPrivateKey(key),
    () => bad(KEYS, keyFile, 'does not hold a private key in PEM form without a passphrase'),
  );
  if (!leaf.checkPrivateKey(privateKey)) {
    throw bad(KEYS, keyFile, `holds the key of another certificate than ${JSON.stringify(certFile)}`);
  }
  const options = { ...shared, cert, key };
  try {
    return { certFile, leaf, options, context: createSecureContext(options) };
  } catch (err) {
    throw bad(CERTS, certFile, `cannot be used: ${(err as Error).message}`);
  }
}

/** What is wrong with the time of a certificate; undefined when it is good now. */
function outOfTime({ leaf, certFile }: Pair): StartError | undefined {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const now = Date.now();
  if (leaf.validToDate.getTime() < now) {
    return bad(CERTS, certFile, `holds a certificate that expired on ${day(leaf.validToDate)}`);
  }
  if (leaf.validFromDate.getTime() > now) {
    return bad(CERTS, certFile, `holds a certificate that is good from ${day(leaf.validFromDate)} on`);
  }
  return undefined;
}

/**
 * Reads the certificates and keys of the settings. One that has expired is said in the log and served: whoever can do
 * without is better off with it than with no server (docs/decisions/0030).
 * @throws StartError for files that cannot be read, hold something else, or do not belong together
 */
export function createCertificates(config: TlsConfig, log: Pick<Logger, 'warn' | 'error'>): Certificates {
  const load = (): Pair[] => {
    const { clientCaFile, minVersion } = config;
    const ca = clientCaFile === undefined ? undefined : read('CODER_TLS_CLIENT_CA_FILE', clientCaFile);
    if (ca !== undefined && clientCaFile !== undefined) {
      parsed(
        () => new X509Certificate(ca),
        () => bad('CODER_TLS_CLIENT_CA_FILE', clientCaFile, 'does not hold a certificate in PEM form'),
      );
    }
    const shared: SecureContextOptions = { minVersion, ...(ca !== undefined && { ca }) };
    return config.pairs.map((pair) => readPair(pair, shared));
  };
  const warn = (pairs: Pair[]) => {
    for (const { leaf, certFile } of pairs) {
      const end = leaf.validToDate.getTime();
      if (end > Date.now() && end - Date.now() < SOON_MS)
        log.warn({ file: certFile, expires: leaf.validToDate.toISOString() }, 'a certificate expires soon');
    }
  };

  let pairs = load();
  for (const problem of pairs.map(outOfTime)) if (problem) log.error(problem.message);
  warn(pairs);
  const first = () => pairs[0] as Pair;

  return {
    options: () => first().options,
    contextFor(serverName) {
      const named = pairs.filter(({ leaf }) => leaf.checkHost(serverName) !== undefined);
      const exact = named.find(({ leaf }) => leaf.checkHost(serverName, { wildcards: false }) !== undefined);
      return (exact ?? named[0] ?? first()).context;
    },
    reload() {
      const fresh = load();
      const problem = fresh.map(outOfTime).find((one) => one !== undefined);
      if (problem) throw problem;
      pairs = fresh;
      warn(pairs);
    },
  };
}
