// npm run matrix [-- NODE...]: the two commands of the README with every Node.js and npm that they are promised for.
import { walk } from '../test/support/newcomer.ts';

const NODES = ['20', '22', '24'];
const NPMS = ['9.9.4', '10.8.2', '11.3.0', '11.6.2', 'latest'];
/** What an npm says it runs on, where that leaves something out. */
const NEEDS: Readonly<Record<string, string[]>> = { latest: ['22', '24'] };

const nodes = process.argv.length > 2 ? process.argv.slice(2) : NODES;
let failures = 0;
for (const node of nodes) {
  for (const npm of NPMS.filter((version) => NEEDS[version]?.includes(node) ?? true)) {
    try {
      const times = await walk({ node, npm }, ['typecheck', 'test:unit']);
      const seconds = Object.entries(times).map(([name, value]) => `${name} ${value.toFixed(1)}`);
      console.log(`Node ${node}, npm ${npm}: ${seconds.join(', ')}`);
    } catch (err) {
      failures += 1;
      console.error(`Node ${node}, npm ${npm}: FAILED\n${(err as Error).message}\n`);
    }
  }
}
process.exit(failures === 0 ? 0 : 1);
