// What Prometheus is told: counters and histograms fed by the events of src/watch, gauges read at each scrape.
import { performance } from 'node:perf_hooks';
import type pg from 'pg';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import {
  databaseTroubled,
  limitHit,
  mailHandled,
  passwordHashed,
  providerAsked,
  requestBegan,
  requestEnded,
  sessionBatch,
  signedIn,
  statementDone,
} from '../watch/events.ts';

/** What gauges are read from. */
export interface Watched {
  readonly version: string;
  /** By the name that the pool has in metrics. */
  readonly pools: Readonly<Record<string, pg.Pool>>;
  readonly hashing: () => { running: number; waiting: number };
}

const PREFIX = 'coder_users_';
const FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Labels are the server's own words, so that their number is bounded: no path, name, address or text of anybody. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const OPERATIONS = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'with',
]);
const NOWHERE = 'none';

const seconds = ({ startedAt, endedAt }: { startedAt: number; endedAt: number }) => (endedAt - startedAt) / 1000;
const words = (text: string) => text.replaceAll(' ', '_');

/** Remembers what `make` gives for each key: looking labels up costs more than counting. */
function remembered<T>(make: (...parts: string[]) => T): (...parts: string[]) => T {
  const made = new Map<string, T>();
  return (...parts) => {
    const key = parts.join(' ');
    let one = made.get(key);
    if (one === undefined) {
      one = make(...parts);
      made.set(key, one);
    }
    return one;
  };
}

function watchRequests(registers: Registry[]): void {
  const requests = new Counter({
    name: `${PREFIX}http_requests_total`,
    help: 'Requests that were answered, by route pattern (none: nothing is served there); 499: the client had gone.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'route'],
    buckets: FAST,
    registers,
  });
  const inFlight = new Gauge({
    name: `${PREFIX}http_requests_in_flight`,
    help: 'Requests that are not answered yet.',
    registers,
  });
  const countOf = remembered((method, route, status) => requests.labels({ method, route, status }));
  const durationOf = remembered((method, route) => durations.labels({ method, route }));
  let open = 0;
  inFlight.set(0);
  requestBegan.hear(() => {
    open += 1;
    inFlight.set(open);
  });
  requestEnded.hear(({ scope, status, ...took }) => {
    open -= 1;
    inFlight.set(open);
    const method = METHODS.has(scope.method) ? scope.method : 'other';
    const route = scope.route === '' ? NOWHERE : scope.route;
    countOf(method, route, String(status)).inc();
    durationOf(method, route).observe(seconds(took));
  });
}

function watchDatabase(registers: Registry[], pools: Watched['pools']): void {
  const entries = Object.entries(pools);
  new Gauge({
    name: `${PREFIX}db_connections`,
    help: 'Connections to the database, by pool and state.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, { totalCount, idleCount }] of entries) {
        this.set({ pool, state: 'idle' }, idleCount);
        this.set({ pool, state: 'busy' }, totalCount - idleCount);
      }
    },
  });
  new Gauge({
    name: `${PREFIX}db_connections_max`,
    help: 'Connections that a pool may have.',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, { options }] of entries) this.set({ pool }, options.max);
    },
  });
  new Gauge({
    name: `${PREFIX}db_connections_waiting`,
    help: 'Pieces of work that wait for a connection.',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, { waitingCount }] of entries) this.set({ pool }, waitingCount);
    },
  });
  const statements = new Histogram({
    name: `${PREFIX}db_statement_duration_seconds`,
    help: 'Time that statements took, by their first word.',
    labelNames: ['operation'],
    buckets: FAST,
    registers,
  });
  const operationOf = remembered((text) => {
    const word = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? '';
    return statements.labels({ operation: OPERATIONS.has(word) ? word : 'other' });
  });
  const START = 16;
  statementDone.hear(({ text, ...took }) => operationOf(text.slice(0, START)).observe(seconds(took)));
  const troubles = new Counter({
    name: `${PREFIX}db_troubles_total`,
    help: 'Statements that could not be run, by what kept them from it.',
    labelNames: ['cause'],
    registers,
  });
  for (const cause of ['unreachable', 'read_only', 'out_of_space', 'too_slow']) troubles.inc({ cause }, 0);
  databaseTroubled.hear(({ cause }) => troubles.inc({ cause: cause.replaceAll(/[ -]/g, '_') }));
  const batches = new Histogram({
    name: `${PREFIX}session_batch_size`,
    help: 'Sessions that one statement looked up.',
    buckets: SIZES,
    registers,
  });
  sessionBatch.hear(({ size }) => batches.observe(size));
}

function watchSignIns(registers: Registry[], hashing: Watched['hashing']): void {
  new Gauge({
    name: `${PREFIX}hashing_queue`,
    help: 'Passwords that are being hashed, and that wait for it.',
    labelNames: ['state'],
    registers,
    collect() {
      const { running, waiting } = hashing();
      this.set({ state: 'running' }, running);
      this.set({ state: 'waiting' }, waiting);
    },
  });
  const hashed = new Histogram({
    name: `${PREFIX}hashing_duration_seconds`,
    help: 'Time that hashing or comparing a password took.',
    buckets: FAST,
    registers,
  });
  const waited = new Histogram({
    name: `${PREFIX}hashing_wait_seconds`,
    help: 'Time that passwords waited to be hashed.',
    buckets: FAST,
    registers,
  });
  passwordHashed.hear(({ waitedMs, ...took }) => {
    hashed.observe(seconds(took));
    waited.observe(waitedMs / 1000);
  });
  const signIns = new Counter({
    name: `${PREFIX}sign_ins_total`,
    help: 'Sign-ins, by login type and outcome.',
    labelNames: ['login_type', 'outcome'],
    registers,
  });
  signIns.inc({ login_type: 'password', outcome: 'success' }, 0);
  signedIn.hear(({ loginType, outcome }) => signIns.inc({ login_type: loginType, outcome: words(outcome) }));
  const limits = new Counter({
    name: `${PREFIX}limits_hit_total`,
    help: 'Requests that were refused for how many there are, by the limit.',
    labelNames: ['limit'],
    registers,
  });
  for (const limit of ['api', 'login', 'password', 'account', 'caller', 'hashing']) limits.inc({ limit }, 0);
  limitHit.hear(({ limit }) => limits.inc({ limit }));
}

function watchOutside(registers: Registry[]): void {
  const mails = new Counter({
    name: `${PREFIX}mails_total`,
    help: 'Attempts to deliver mails, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['delivered', 'delayed', 'given_up', 'dropped']) mails.inc({ outcome }, 0);
  mailHandled.hear(({ outcome }) => mails.inc({ outcome: words(outcome) }));
  const asked = new Counter({
    name: `${PREFIX}provider_requests_total`,
    help: 'Requests to identity providers, by what was asked and the outcome.',
    labelNames: ['question', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: `${PREFIX}provider_request_duration_seconds`,
    help: 'Time that identity providers took to answer.',
    labelNames: ['question'],
    buckets: FAST,
    registers,
  });
  providerAsked.hear(({ question, outcome, ...took }) => {
    asked.inc({ question, outcome });
    durations.observe({ question }, seconds(took));
  });
}

function watchProcess(registers: Registry[], version: string): void {
  new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.versions.node }, 1);
  let before = performance.eventLoopUtilization();
  new Gauge({
    name: `${PREFIX}event_loop_utilization`,
    help: 'Share of the time since the last scrape in which the event loop was busy.',
    registers,
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
}

/** Begins to listen; once in a process, since events are the process's. @returns the text of a scrape, and its type */
export function startMetrics(watched: Watched): { contentType: string; scrape(): Promise<string> } {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  watchProcess(registers, watched.version);
  watchRequests(registers);
  watchDatabase(registers, watched.pools);
  watchSignIns(registers, watched.hashing);
  watchOutside(registers);
  return { contentType: registry.contentType, scrape: () => registry.metrics() };
}
