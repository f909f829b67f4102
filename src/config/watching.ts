// Settings of what tells how the server does: its log, metrics and traces.
import { NS } from '../golang/durations.ts';
import { type Address, ConfigError, type Reader } from './values.ts';

export interface LogConfig {
  readonly level: string;
  /** Lines for people on standard output, whether it is a terminal or not. */
  readonly human: boolean;
  /** Files (or /dev/stdout and its like) for lines of each form; with any of them nothing else is written. */
  readonly files: { readonly human?: string; readonly json?: string; readonly stackdriver?: string };
  /** Patterns of which a line of the levels debug and trace must fit one; empty for all. */
  readonly filter: readonly string[];
  /** Statements that take as long are logged; 0 for none. */
  readonly slowStatementMs: number;
}

export interface TracingConfig {
  readonly exporter: 'otlp' | 'console';
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

function readFilter(reader: Reader): string[] {
  const variable = 'CODER_LOG_FILTER';
  const patterns = reader.list(variable, []);
  for (const pattern of patterns) {
    try {
      new RegExp(pattern);
    } catch {
      throw new ConfigError(variable, `${JSON.stringify(pattern)} is not a regular expression`);
    }
  }
  return patterns;
}

/** The log: as the server has it, or into the files that the reference's settings name. Throws ConfigError. */
export function readLog(reader: Reader): LogConfig {
  const verbose = reader.boolean('CODER_VERBOSE', false);
  const filter = readFilter(reader);
  const isDetailed = verbose || filter.length > 0;
  const [human, json, stackdriver] = ['HUMAN', 'JSON', 'STACKDRIVER'].map((form) =>
    reader.raw(`CODER_LOGGING_${form}`),
  );
  return {
    level: reader.oneOf('CODER_USERS_LOG_LEVEL', LOG_LEVELS, isDetailed ? 'debug' : 'info'),
    human: reader.boolean('CODER_USERS_LOG_HUMAN', false),
    files: {
      ...(human !== undefined && { human }),
      ...(json !== undefined && { json }),
      ...(stackdriver !== undefined && { stackdriver }),
    },
    filter,
    slowStatementMs: Number(reader.duration('CODER_USERS_SLOW_STATEMENT', NS.s) / NS.ms),
  };
}

/** Where metrics are served, on a listener of their own; null while they are off. Throws ConfigError. */
export function readMetrics(reader: Reader): Address | null {
  const variable = 'CODER_PROMETHEUS_ADDRESS';
  const address = reader.address(variable, '127.0.0.1:2112');
  if (reader.boolean('CODER_PROMETHEUS_ENABLE', false)) return address;
  reader.setIdle(variable, 'has no effect without CODER_PROMETHEUS_ENABLE');
  return null;
}

/**
 * Traces are on when a variable of OpenTelemetry says where to, unless CODER_TRACE_ENABLE says otherwise; all else about
 * them is read by its own packages. Null while they are off. Throws ConfigError.
 */
export function readTracing(reader: Reader): TracingConfig | null {
  const exporter = reader.oneOf('OTEL_TRACES_EXPORTER', ['otlp', 'console', 'none'], 'otlp');
  const says = ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].map(
    (name) => reader.raw(name) !== undefined,
  );
  const [general, ofTraces] = ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'].map(
    (name) => [name, reader.raw(name)] as const,
  );
  const isOn = reader.boolean('CODER_TRACE_ENABLE', says.includes(true));
  const isDisabled = reader.boolean('OTEL_SDK_DISABLED', false);
  if (!isOn || isDisabled || exporter === 'none') return null;
  const [name, protocol] = (ofTraces?.[1] === undefined ? general : ofTraces) ?? [];
  if (exporter === 'otlp' && name !== undefined && protocol !== undefined && protocol !== 'http/protobuf')
    throw new ConfigError(
      name,
      `${JSON.stringify(protocol)} is not http/protobuf, the one protocol that traces are sent by`,
    );
  return { exporter };
}
