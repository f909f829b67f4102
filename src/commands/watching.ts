// Switches on what watches the server from outside: metrics and traces, loaded only when they are wanted.
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { hashingLoad } from '../crypto/passwords.ts';
import { programVersion } from '../package-root.ts';
import type { OnClose } from './database.ts';

/** Serves metrics if the settings say so. @throws StartError when their address cannot be had */
export async function serveMetrics(
  { metrics: address }: Pick<Config, 'metrics'>,
  log: Logger,
  onClose: OnClose,
  pools: Readonly<Record<string, pg.Pool>>,
): Promise<void> {
  if (address === null) return;
  const [metrics, listener] = await Promise.all([import('../metrics/metrics.ts'), import('../metrics/listener.ts')]);
  const started = metrics.startMetrics({ version: programVersion(), pools, hashing: hashingLoad });
  const { url, close } = await listener.serveMetrics(address, started);
  onClose(close);
  log.info({ address: url }, 'serving metrics');
}

/** Traces requests if the settings say so. */
export async function traceRequests(
  { tracing }: Pick<Config, 'tracing'>,
  log: Logger,
  onClose: OnClose,
): Promise<void> {
  if (tracing === null) return;
  const { startTracing } = await import('../tracing/tracing.ts');
  onClose(startTracing(tracing.exporter, programVersion(), log));
  log.info('tracing requests');
}
