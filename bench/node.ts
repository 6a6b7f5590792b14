// A node of a cluster, as a Node process of its own: `node.ts <name> <processes> <seed>`. Touches so many of its processes
// on command, and ends with the process that started it.
import { inSlices, startCounters, touch } from './counter.js';
import { createRuntime } from './noex.js';

const [nodeName = 'node', processes = '0', ...seeds] = process.argv.slice(2);
process.once('disconnect', () => process.exit(0));

const runtime = createRuntime();
const next = inSlices(await startCounters(runtime, Number(processes)));
await runtime.Cluster.start({ nodeName, port: 0, seeds });

process.on('message', (count) => {
  void touch(runtime, next(Number(count))).then(() => process.send?.('touched'));
});
process.send?.('started');
