// Outgoing mail: a bounded queue in memory that delivers through the configured relay without ever holding up a request.

import { readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';
import type { EmailConfig } from '../config.ts';
import { mailHandled } from '../watch/events.ts';

export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

export interface Mailer {
  /** False when no relay is configured: everything enqueued is dropped. */
  readonly enabled: boolean;
  /** Takes a message for delivery; never throws and never waits. */
  enqueue(message: MailMessage): void;
  /** Tries once to deliver a message; a relay that refuses it for good (5xx) will refuse it again. */
  send(message: MailMessage): Promise<'sent' | 'refused' | 'failed'>;
  /** Takes no more, tries everything left once at once, and resolves when that is done or `waitMs` have passed. */
  close(waitMs: number): Promise<void>;
}

/** The part of a logger that is needed here. Addresses and texts of messages are never logged. */
export interface MailLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface MailerLimits {
  /** Messages that may wait; more are dropped. */
  readonly waiting: number;
  /** Pauses between the attempts; after the last one the message is given up. */
  readonly retryDelaysMs: readonly number[];
}

// The last attempt comes within the lifetime of a one-time passcode.
const LIMITS: MailerLimits = { waiting: 1000, retryDelaysMs: [2_000, 15_000, 60_000, 300_000] };
const CONCURRENT = 2;
const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 30_000;

interface Job {
  readonly message: MailMessage;
  attempts: number;
}

function createTransport({ smarthost, forceTls, hello, proxy, auth, tls }: EmailConfig) {
  const user = auth.username ?? auth.identity;
  const file = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path));
  return nodemailer.createTransport({
    host: smarthost.host,
    port: smarthost.port,
    name: hello,
    ...(proxy !== undefined && { proxy }),
    secure: forceTls,
    requireTLS: tls.startTls && !forceTls,
    ...(user === undefined ? {} : { auth: { user, pass: auth.password ?? '' } }),
    tls: {
      // Where TLS is not asked for, an offered upgrade is taken without a check: still better than clear text.
      rejectUnauthorized: (forceTls || tls.startTls) && !tls.insecureSkipVerify,
      servername: tls.serverName,
      ca: file(tls.caFile),
      cert: file(tls.certFile),
      key: file(tls.keyFile),
    },
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Connects to the relay and signs in as for a mail, and sends none. @throws what the relay or the connection says */
export async function tryRelay(config: EmailConfig): Promise<void> {
  const transport = createTransport(config);
  try {
    await transport.verify();
  } finally {
    transport.close();
  }
}

const NO_MAILER: Mailer = {
  enabled: false,
  enqueue: () => undefined,
  send: async () => 'failed',
  close: async () => undefined,
};

/** What may be said of a failure: relays repeat addresses in their texts, so only the codes are kept. */
function reasonOf(error: unknown): { code: string; response?: number } {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  return { code: String(code ?? 'unknown'), ...(typeof responseCode === 'number' ? { response: responseCode } : {}) };
}

/**
 * Makes the mailer for the given settings; null gives one that drops everything.
 * A relay that cannot be reached is tried again with growing pauses, one that refuses the message for good (5xx) is not.
 */
export function createMailer(config: EmailConfig | null, log: MailLog, limits: MailerLimits = LIMITS): Mailer {
  if (config === null) return NO_MAILER;
  const transport = createTransport(config);
  const ready: Job[] = [];
  const delayed = new Map<Job, NodeJS.Timeout>();
  const whenIdle: (() => void)[] = [];
  let active = 0;
  let closing = false;

  const retryLater = (job: Job, delayMs: number): void => {
    const timer = setTimeout(() => {
      delayed.delete(job);
      ready.push(job);
      pump();
    }, delayMs);
    timer.unref();
    delayed.set(job, timer);
  };

  const sendNow = ({ to, ...content }: MailMessage) =>
    // As an object the address is one address, whatever characters it holds.
    transport.sendMail({
      ...content,
      from: config.from,
      to: { name: '', address: to },
      headers: { 'Auto-Submitted': 'auto-generated' },
    });

  const deliver = async (job: Job): Promise<void> => {
    const content = job.message;
    job.attempts += 1;
    const details = { subject: content.subject, attempt: job.attempts };
    try {
      await sendNow(job.message);
      log.info(details, 'mail delivered');
      mailHandled.tell({ outcome: 'delivered' });
    } catch (error) {
      const reason = reasonOf(error);
      const delayMs = limits.retryDelaysMs[job.attempts - 1];
      const refused = reason.response !== undefined && reason.response >= 500;
      if (refused || closing || delayMs === undefined) {
        log.error({ ...details, ...reason }, 'mail given up');
        mailHandled.tell({ outcome: 'given up' });
      } else {
        log.warn({ ...details, ...reason, delayMs }, 'mail could not be delivered, trying again later');
        mailHandled.tell({ outcome: 'delayed' });
        retryLater(job, delayMs);
      }
    }
  };

  const pump = (): void => {
    while (active < CONCURRENT) {
      const job = ready.shift();
      if (job === undefined) break;
      active += 1;
      void deliver(job).finally(() => {
        active -= 1;
        pump();
      });
    }
    if (active === 0) for (const resolve of whenIdle.splice(0)) resolve();
  };

  return {
    enabled: true,
    enqueue(message) {
      if (closing || ready.length + delayed.size >= limits.waiting) {
        log.error(
          { subject: message.subject },
          closing ? 'mail dropped while stopping' : 'mail dropped, the queue is full',
        );
        mailHandled.tell({ outcome: 'dropped' });
        return;
      }
      ready.push({ message, attempts: 0 });
      pump();
    },
    async send(message) {
      try {
        await sendNow(message);
        mailHandled.tell({ outcome: 'delivered' });
        return 'sent';
      } catch (error) {
        const reason = reasonOf(error);
        const isFinal = reason.response !== undefined && reason.response >= 500;
        log.warn(
          { ...reason },
          isFinal ? 'a notification was refused by the relay' : 'a notification could not be mailed',
        );
        mailHandled.tell({ outcome: isFinal ? 'given up' : 'delayed' });
        return isFinal ? 'refused' : 'failed';
      }
    },
    async close(waitMs) {
      closing = true;
      for (const [job, timer] of delayed) {
        clearTimeout(timer);
        ready.push(job);
      }
      delayed.clear();
      const idle = new Promise<void>((resolve) => whenIdle.push(resolve));
      pump();
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, waitMs);
      });
      await Promise.race([idle, timeout]);
      clearTimeout(timer);
      const unsent = ready.splice(0).length + active;
      if (unsent > 0) log.error({ unsent }, 'stopping with undelivered mail');
      transport.close();
    },
  };
}
