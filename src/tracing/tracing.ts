// Traces of OpenTelemetry: a span for each request, with its statements, calls and hashes below it. A bundle of its own,
// loaded only when traces are on; all but where to is read from OTEL_* by the official packages.
import {
  type Attributes,
  type Context,
  type DiagLogFunction,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, ConsoleSpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import {
  passwordHashed,
  providerAsked,
  requestBegan,
  requestEnded,
  sessionLookedUp,
  statementDone,
} from '../watch/events.ts';
import type { Scope } from '../watch/scope.ts';

/** Stopping does not wait longer for a collector. */
const FLUSH_MS = 1000;
const TROUBLE_EVERY_MS = 60_000;
const MAX_REASON = 300;
const MAX_STATEMENT = 1000;

/** Headers of a request as a carrier of context. */
const HEADERS = {
  get: (carrier: Readonly<Record<string, string | undefined>>, key: string) => carrier[key],
  keys: (carrier: object) => Object.keys(carrier),
};

/** What the packages have to say goes to our log: once a minute, since a collector that is away fails every batch. */
function logTroubles(log: Logger): void {
  let quietUntil = 0;
  const say: DiagLogFunction = (reason) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + TROUBLE_EVERY_MS;
    log.warn({ reason: reason.slice(0, MAX_REASON) }, 'traces: something went wrong');
  };
  const ignore = () => undefined;
  diag.setLogger({ error: say, warn: say, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}

interface Child {
  readonly scope: Scope | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
}

/**
 * Begins to trace.
 * @returns sends what is left, within a second
 */
export function startTracing(exporter: 'otlp' | 'console', version: string, log: Logger): () => Promise<void> {
  logTroubles(log);
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'coder-users', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(exporter === 'console' ? new ConsoleSpanExporter() : new OTLPTraceExporter()),
    ],
  });
  const tracer = provider.getTracer('coder-users', version);
  const propagator = new W3CTraceContextPropagator();

  requestBegan.hear(({ scope, traceparent, tracestate }) => {
    const { method, route, id, startedAt } = scope;
    const parent = traceparent ? propagator.extract(ROOT_CONTEXT, { traceparent, tracestate }, HEADERS) : ROOT_CONTEXT;
    const attributes = {
      'http.request.method': method,
      'coder_users.request_id': id,
      ...(route !== '' && { 'http.route': route }),
    };
    const name = route === '' ? method : `${method} ${route}`;
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: startedAt, attributes }, parent);
    scope.span = trace.setSpan(parent, span);
  });
  requestEnded.hear(({ scope, status, endedAt }) => {
    const span = trace.getSpan((scope.span as Context | undefined) ?? ROOT_CONTEXT);
    if (!span) return;
    span.setAttribute('http.response.status_code', status);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedAt);
  });

  /** What was done for a request, known when it is over. */
  const child = (name: string, kind: SpanKind, { scope, startedAt, endedAt }: Child, attributes: Attributes = {}) => {
    if (!scope?.span) return undefined;
    const span = tracer.startSpan(name, { kind, startTime: startedAt, attributes }, scope.span as Context);
    return { span, end: () => span.end(endedAt) };
  };
  const failed = { code: SpanStatusCode.ERROR };
  statementDone.hear((statement) => {
    const operation = /^\s*(\w+)/.exec(statement.text)?.[1]?.toLowerCase() ?? 'statement';
    const one = child(operation, SpanKind.CLIENT, statement, {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.query.text': statement.text.slice(0, MAX_STATEMENT),
    });
    if (statement.failed) one?.span.setStatus(failed);
    one?.end();
  });
  sessionLookedUp.hear((lookup) => child('session lookup', SpanKind.INTERNAL, lookup)?.end());
  passwordHashed.hear((hashed) =>
    child('hash password', SpanKind.INTERNAL, hashed, { 'coder_users.waited_ms': hashed.waitedMs })?.end(),
  );
  providerAsked.hear((call) => {
    const { question, outcome } = call;
    const one = child(`identity provider ${question}`, SpanKind.CLIENT, call, { 'coder_users.outcome': outcome });
    if (outcome !== 'ok' && outcome !== 'refused') one?.span.setStatus(failed);
    one?.end();
  });

  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_MS);
    });
    await Promise.race([provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  };
}
