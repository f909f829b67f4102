// npm run bench: requests a second and latency of the paths that matter, beside a bare Fastify route in the same run.
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { seed } from './seed.ts';
import { startBare, startProduct } from './servers.ts';

const HELP = `Measures a server of the users API.

  npm run bench                        starts this product with an embedded database and measures it
  npm run bench -- --url URL           measures a running server (rate limits must be off)

  --users N        users in the list (10000)
  --seconds N      length of each measurement (5)
  --connections N  parallel connections (64)
`;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    users: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const duration = Number(values.seconds);
const connections = Number(values.connections);

async function measure(title: string, url: string, options: Partial<autocannon.Options> = {}): Promise<number> {
  const result = await autocannon({ url, connections, duration, ...options });
  const failed = result.non2xx + result.errors;
  const row = [
    title.padEnd(34),
    `${Math.round(result.requests.average)}`.padStart(8),
    `${result.latency.p50.toFixed(1)}`.padStart(8),
    `${result.latency.p99.toFixed(1)}`.padStart(8),
    failed > 0 ? `  ${failed} FAILED` : '',
  ];
  console.log(row.join(' '));
  return result.requests.average;
}

const bare = await startBare();
const product = values.url === undefined ? await startProduct() : undefined;
const base = values.url?.replace(/\/$/, '') ?? product?.url ?? '';
try {
  console.log(`seeding ${values.users} users ...`);
  const { token, someone, credentials } = await seed(base, Number(values.users));
  const api = `${base}/api/v2`;
  const headers = { 'coder-session-token': token };
  console.log(`${'request'.padEnd(34)} ${'req/s'.padStart(8)} ${'p50 ms'.padStart(8)} ${'p99 ms'.padStart(8)}`);
  const yardstick = await measure('bare Fastify, no token', `${bare.url}/me`);
  const me = await measure('GET /users/me', `${api}/users/me`, { headers });
  await measure(`GET /users/${someone}`, `${api}/users/${someone}`, { headers });
  await measure('GET /users?limit=25', `${api}/users?limit=25`, { headers });
  await measure('GET /users?limit=25&q=user0099', `${api}/users?limit=25&q=user0099`, { headers });
  await measure('POST /users/me/keys/tokens', `${api}/users/me/keys/tokens`, { method: 'POST', headers, body: '{}' });
  await measure('POST /users/login', `${api}/users/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  const again = await measure('bare Fastify again', `${bare.url}/me`);
  console.log(`GET /users/me is ${((200 * me) / (yardstick + again)).toFixed(1)} % of the bare route`);
} finally {
  await bare.stop();
  await product?.stop();
}
