// The report on health as a wire object and as text.
import type { HealthcheckReport } from '../codersdk/health.ts';
import { MAX_DESCRIPTION } from '../codersdk/sizes.ts';
import type { Config } from '../config.ts';
import { cutTo } from '../golang/text.ts';

interface Finding {
  name: string;
  severity: 'ok' | 'warning' | 'error';
  code: string;
  message: string;
  milliseconds: number;
  status?: number;
}

interface Row {
  findings: readonly Finding[];
  at: string;
  dismissed: ReadonlySet<string>;
}

const SEVERITIES = ['ok', 'warning', 'error'] as const;

/** healthsdk.HealthcheckReport. What does not exist here is healthy; a dismissed section does not count for the whole. */
export function presentHealth(config: Config, { findings, at, dismissed }: Row): HealthcheckReport {
  const found = (name: string) => findings.find((finding) => finding.name === name);
  const section = (name: string, finding?: Finding) => ({
    healthy: finding?.severity !== 'error',
    severity: finding?.severity ?? ('ok' as const),
    dismissed: dismissed.has(name),
    ...(finding?.severity === 'error' && { error: cutTo(`${finding.code}: ${finding.message}`, MAX_DESCRIPTION) }),
    warnings:
      finding?.severity === 'warning' ? [{ code: finding.code, message: cutTo(finding.message, MAX_DESCRIPTION) }] : [],
  });
  const [url, database, mail, provider] = ['access_url', 'database', 'mail', 'identity_provider'].map(found);
  const counted = [
    ...(dismissed.has('AccessURL') ? [] : [url]),
    ...(dismissed.has('Database') ? [] : [database]),
    mail,
    provider,
  ].map((finding) => SEVERITIES.indexOf(finding?.severity ?? 'ok'));
  const worst = SEVERITIES[Math.max(...counted)] ?? 'ok';
  const milliseconds = database?.milliseconds ?? 0;
  return {
    time: at,
    healthy: worst !== 'error',
    severity: worst,
    derp: { ...section('DERP'), regions: {}, netcheck_logs: [] },
    access_url: {
      ...section('AccessURL', url),
      access_url: config.accessUrl,
      reachable: url?.status !== undefined,
      status_code: url?.status ?? 0,
      healthz_response: url?.severity === 'ok' ? 'OK' : '',
    },
    websocket: { ...section('Websocket'), body: '', code: 0 },
    database: {
      ...section('Database', database),
      reachable: database?.severity !== 'error',
      latency: `${milliseconds}ms`,
      latency_ms: milliseconds,
      threshold_ms: 250,
    },
    workspace_proxy: { ...section('WorkspaceProxy'), workspace_proxies: { regions: [] } },
    provisioner_daemons: { ...section('ProvisionerDaemons'), items: [] },
    coder_version: config.deployment.advertisedVersion,
    ...(mail && { mail: section('Mail', mail) }),
    ...(provider && { identity_provider: section('IdentityProvider', provider) }),
  };
}

/** The report in lines for people. */
export const healthAsText = ({ findings }: Pick<Row, 'findings'>): string =>
  findings.map(({ name, severity, message }) => `${name}: ${severity}${message && ` (${message})`}\n`).join('');
