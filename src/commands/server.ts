// coder-users server: from settings to a listening server, and an orderly way down again.
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Logger } from 'pino';
import { buildApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import { settingsAsText } from '../config/documentation.ts';
import { type Config, readSettings } from '../config.ts';
import { createIdentityProviders } from '../idp/providers.ts';
import { startJobs } from '../jobs.ts';
import { createLog } from '../log.ts';
import { createMailer } from '../mail/mailer.ts';
import { startNotifier } from '../notifier.ts';
import { trustAuthorities } from '../outgoing/authorities.ts';
import { useProxies } from '../outgoing/proxies.ts';
import { prepareExternalLogin } from '../services/sso/first-contact.ts';
import { StartError } from '../start-error.ts';
import type { Command } from './command.ts';
import { type OnClose, openDatabase, POSTGRES_URL_OPTION, withCleanup, withDatabaseUrl } from './database.ts';
import { createListeners, type Listeners, tryListeners } from './listeners.ts';
import { openSecretBox, refuseLostKeys } from './secret-box.ts';
import { serveMetrics, traceRequests } from './watching.ts';

/** After a signal the process is gone within this time, whatever hangs. */
const STOP_MS = 8000;
const SAME_WISH_MS = 500;
const MAIL_MS = 1000;
/** How long a start may wait for an identity provider; one that is away is looked for in the background. */
const PROVIDER_MS = 1000;

/**
 * Resolves with the first signal to stop; a later one ends the process at once. Ctrl-C below `npm start` comes twice,
 * from the terminal and from npm: what follows on the heels of the first is the same wish.
 */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt !== undefined && performance.now() - firstAt > SAME_WISH_MS) process.exit(1);
      firstAt ??= performance.now();
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/**
 * What SIGHUP means: certificates are to be read anew, unless it is the end of the terminal that the server was started in.
 * That ends the process where it stands, since not even an exit is sure to come to its end without the terminal.
 */
function onHangUp(reload: () => void): void {
  const hadTerminal = isatty(0);
  const isTerminalGone = () => {
    try {
      closeSync(openSync('/dev/tty', 'r'));
      return false;
    } catch {
      return hadTerminal;
    }
  };
  process.on('SIGHUP', () => {
    if (isTerminalGone()) process.kill(process.pid, 'SIGKILL');
    else reload();
  });
}

/** Rejects on an error that nobody caught: the server stops in order, since its state is not known any more. */
function uncaughtError(): Promise<never> {
  return new Promise((_, reject) => {
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
}

/** With port 0 the system chooses, and an access URL that follows from the address is known only then. */
const openAddress = ({ accessUrl }: Config, { address, tlsAddress }: Listeners) =>
  accessUrl.replace(/:0(?=\/|$)/, `:${new URL(tlsAddress ?? address).port}`);

async function start(settings: Config, log: Logger, onClose: OnClose): Promise<void> {
  const config = { ...settings };
  await traceRequests(config, log, onClose);
  const listeners = createListeners(config, log, await tryListeners(config, log));
  onHangUp(listeners.reload);
  if (config.oidc ?? config.github ?? config.email ?? config.notifications.webhookEndpoint)
    trustAuthorities(config.outgoing);
  useProxies(config.outgoing);
  const mailer = createMailer(config.email, log);
  const idp = createIdentityProviders(config, log);
  onClose(async () => idp.close());
  const { db, pool, sessions } = await openDatabase(config, log, onClose, {
    mayJoin: false,
    mayCreate: true,
    inspect: (url) => refuseLostKeys(config, log.child({}, { level: 'error' }), url),
  });
  await serveMetrics(config, log, onClose, { requests: pool, sessions });
  onClose(() => mailer.close(MAIL_MS));
  const secretBox = await openSecretBox(config, log, db);
  await idp.started(PROVIDER_MS);
  await prepareExternalLogin({ config, db, log, idp });
  const appLog = log.child({});
  const { drained } = listeners;
  const app = await buildApp({
    config,
    db,
    pool: sessions,
    log: appLog,
    clock: systemClock,
    mailer,
    secretBox,
    idp,
    drained,
  });
  onClose(() => listeners.drain(app));
  const jobs = startJobs({ config, db, log, clock: systemClock });
  onClose(() => jobs.stop());
  const notifier = startNotifier({ config, db, log, clock: systemClock, mailer });
  onClose(() => notifier.stop());
  const listening = await listeners.listen(app, appLog);
  config.accessUrl = openAddress(config, listening);
  log.info(listening, `ready: open ${config.accessUrl} or run: coder login ${config.accessUrl}`);
}

export const serverCommand: Command = {
  summary: 'Run the server. This is what happens without a command, too.',
  examples: ['server', 'server --postgres-url postgres://user:password@host/db'],
  notes: `SIGTERM and SIGINT stop the server within ${STOP_MS / 1000} s, after it has answered what is under way; a second one at once.
SIGHUP reads the certificates of TLS anew; open connections go on. Without TLS it changes nothing.

${settingsAsText()}`,
  options: { 'postgres-url': POSTGRES_URL_OPTION },
  async run({ env, flags }) {
    const { config, notes } = readSettings(withDatabaseUrl(env, flags['postgres-url']));
    const { log, end, flush } = createLog(config.log, {
      human: config.log.human || process.stdout.isTTY === true,
      fd: 1,
    });
    for (const note of notes) log.warn(note);
    const stop = stopSignal();
    const broken = uncaughtError();
    broken.catch(() => undefined);
    try {
      await withCleanup(async (onClose) => {
        // First in, last out: whatever happens on the way down, the process ends.
        let deadline: NodeJS.Timeout | undefined;
        onClose(async () => clearTimeout(deadline));
        const starting = start(config, log, onClose);
        try {
          const signal = await Promise.race([starting.then(() => stop), stop, broken]);
          log.info(`${signal}: stopping`);
        } finally {
          deadline = setTimeout(() => {
            log.error('stopping took too long');
            flush();
            process.exit(1);
          }, STOP_MS);
        }
      });
      log.info('stopped');
    } catch (err) {
      if (!(err instanceof StartError)) log.fatal({ err }, 'the server broke down');
      throw err;
    } finally {
      await end();
    }
  },
};
