// A process that floods a server: as many connections as asked, each sending its next request as soon as it is answered.
import { type FloodOrder, type FloodReport, messagesOf } from './flood-kinds.ts';
import { Wire } from './wire.ts';

const { kind, url, key, connections } = JSON.parse(process.argv[2] ?? '') as FloodOrder;
const next = messagesOf(kind, key);
const report: FloodReport = { statuses: {} };

async function keepSending(): Promise<void> {
  const wire = new Wire(url);
  for (;;) {
    const answer = await wire.send(next());
    const status = typeof answer === 'object' ? String(answer.status) : 'none';
    const name =
      typeof answer === 'object' && status === '503' && !answer.headers.has('retry-after') ? '503 unnamed' : status;
    report.statuses[name] = (report.statuses[name] ?? 0) + 1;
  }
}

process.on('message', () => process.send?.(report));
process.on('disconnect', () => process.exit());
await Promise.all(Array.from({ length: connections }, keepSending));
