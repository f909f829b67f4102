// Settings of notifications (CODER_NOTIFICATIONS_*): by which way they go, and how long and how often that is tried.
import { NS } from '../golang/durations.ts';
import { ConfigError, type Reader } from './values.ts';

export interface NotificationsConfig {
  /** The way of templates for which nobody chose one. */
  readonly method: 'smtp' | 'webhook';
  /** Where the method webhook sends to; undefined where it cannot be used. */
  readonly webhookEndpoint: string | undefined;
  /** Whether what is sent by another method also goes to the inbox. */
  readonly inboxEnabled: boolean;
  readonly maxSendAttempts: number;
  /** The longest pause between two attempts. */
  readonly retryIntervalNs: bigint;
  /** How many messages a replica takes at a time, and for how long: nobody else tries them meanwhile. */
  readonly leaseCount: number;
  readonly leasePeriodNs: bigint;
  /** How often each replica looks for messages. */
  readonly fetchIntervalNs: bigint;
  /** How long one attempt may take. */
  readonly dispatchTimeoutNs: bigint;
}

/** Lists of messages under way are kept in memory. */
const MAX_LEASE_COUNT = 1000;

/** An address that may hold a secret, in its query too: no message shows it. */
function readEndpoint(reader: Reader): string | undefined {
  const name = 'CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT';
  const value = reader.raw(name);
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new ConfigError(name, 'is not an http or https address without credentials');
  return value;
}

/** @throws ConfigError */
export function readNotifications(reader: Reader): NotificationsConfig {
  const positive = (suffix: string, unsetNs: bigint): bigint => {
    const name = `CODER_NOTIFICATIONS_${suffix}`;
    const ns = reader.duration(name, unsetNs);
    if (ns < NS.s / 100n) throw new ConfigError(name, 'is shorter than 10ms');
    return ns;
  };
  const count = (suffix: string, unset: number, most: number): number => {
    const name = `CODER_NOTIFICATIONS_${suffix}`;
    const number = reader.integer(name, unset);
    if (number < 1 || number > most) throw new ConfigError(name, `is not a number from 1 to ${most}`);
    return number;
  };
  const leasePeriodNs = positive('LEASE_PERIOD', 120n * NS.s);
  const dispatchTimeoutNs = positive('DISPATCH_TIMEOUT', 60n * NS.s);
  if (dispatchTimeoutNs >= leasePeriodNs) {
    throw new ConfigError(
      'CODER_NOTIFICATIONS_DISPATCH_TIMEOUT',
      'is not shorter than CODER_NOTIFICATIONS_LEASE_PERIOD',
    );
  }
  return {
    method: reader.oneOf('CODER_NOTIFICATIONS_METHOD', ['smtp', 'webhook'], 'smtp'),
    webhookEndpoint: readEndpoint(reader),
    inboxEnabled: reader.boolean('CODER_NOTIFICATIONS_INBOX_ENABLED', true),
    maxSendAttempts: count('MAX_SEND_ATTEMPTS', 5, 100),
    retryIntervalNs: positive('RETRY_INTERVAL', 300n * NS.s),
    leaseCount: count('LEASE_COUNT', 20, MAX_LEASE_COUNT),
    leasePeriodNs,
    fetchIntervalNs: positive('FETCH_INTERVAL', 15n * NS.s),
    dispatchTimeoutNs,
  };
}
