// Runs the load named on the command line, and sends its rows to the parent as they come.
import { loads } from './loads.js';

const load = loads.find(({ name }) => name === process.argv[2]);
if (load === undefined) throw new Error('to be started by main.ts, with the name of a load');

// The parent is gone.
process.once('disconnect', () => process.exit(1));

const { run } = await load.import();
for await (const row of run()) await new Promise((resolve) => process.send?.(row, resolve));
// Peers, and clusters, have timers that are never stopped.
process.disconnect();
process.exit(0);
