// Finds the Node.js that runs this program: the one that came along as a package, else the running one if it is new enough.
// Plain JavaScript for whatever Node.js is there, and no trust in node_modules/.bin: most npm versions leave `node` out of it.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

export const NEEDED_MAJOR = 24;
/** What the packaged Node.js and PostgreSQL are linked against. */
const NEEDED_GLIBC = [2, 28];
const DATABASE = 'name a PostgreSQL in CODER_PG_CONNECTION_URL';

/**
 * @typedef {object} Machine
 * @property {string} platform as in process.platform
 * @property {string} arch as in process.arch
 * @property {string | undefined} glibc its version; undefined with another C library
 * @property {string} version of the running Node.js
 * @property {string} execPath of the running Node.js
 * @property {string | undefined} packaged the packaged Node.js, where it is installed
 */

/** @returns {Machine} */
function thisMachine() {
  const { platform, arch, execPath, versions } = process;
  let packaged;
  try {
    packaged = createRequire(import.meta.url).resolve(`node-${platform}-${arch}/bin/node`);
  } catch {
    // Left out, or there is none for this machine.
  }
  // Asking for the network's names can take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return { platform, arch, execPath, version: versions.node, packaged, glibc: report.header.glibcVersionRuntime };
}

/** @param {string | undefined} version */
function isNewGlibc(version) {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = NEEDED_GLIBC;
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/**
 * What to install, in one line.
 * @param {Machine} machine
 */
function advice({ platform, arch, glibc, version }) {
  const begin = `coder-users needs Node.js ${NEEDED_MAJOR} or later, this is ${version}`;
  if (platform === 'darwin') return `${begin}: brew install node@${NEEDED_MAJOR}, and ${DATABASE}.`;
  if (platform !== 'linux') return `${begin}: install it from https://nodejs.org, and ${DATABASE}.`;
  if (glibc === undefined) return `${begin}. The one that comes along needs glibc: apk add nodejs, and ${DATABASE}.`;
  if (!isNewGlibc(glibc)) {
    return `${begin}. The one that comes along needs glibc ${NEEDED_GLIBC.join('.')}, this system has ${glibc}: install Node.js ${NEEDED_MAJOR}, and ${DATABASE}.`;
  }
  if (arch !== 'x64' && arch !== 'arm64') return `${begin}: install it from https://nodejs.org, and ${DATABASE}.`;
  return `${begin}. The one that comes along, the package node-linux-${arch}, was left out or could not be downloaded: npm ci --include=optional.`;
}

/**
 * The Node.js to use, or what to install.
 * @param {Machine} [machine]
 * @returns {{ path: string, problem?: undefined } | { path?: undefined, problem: string }}
 */
export function findRuntime(machine = thisMachine()) {
  const { packaged, glibc, version, execPath } = machine;
  if (packaged !== undefined && isNewGlibc(glibc)) return { path: packaged };
  if (Number.parseInt(version, 10) >= NEEDED_MAJOR) return { path: execPath };
  return { problem: advice(machine) };
}

/** @type {NodeJS.Signals[]} */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];

/**
 * Runs a program in place of this process: same standard streams, signals handed on, ended in the same way.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, tied?: boolean }} [options] tied: a channel between both closes when this process is
 * killed, whatever the signal; the program, which must be a Node.js one, ends then
 */
export function become(command, args, { env = process.env, tied = false } = {}) {
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = tied ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit';
  const child = spawn(command, args, { stdio, env });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (err) => {
    console.error(`coder-users: ${command} does not run: ${err.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Where the signal is one that is ignored here.
    process.exit(128 + constants.signals[signal]);
  });
}
