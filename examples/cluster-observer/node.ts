/** One node of the example: a supervisor with three workers, and a live view of the whole cluster. */
import { Observer, shutdown } from 'noex';
import { overview } from 'noex/dashboard';
import { Cluster, ClusterObserver } from 'noex/distribution';
import { type Options, readOptions, USAGE } from './options.js';
import { localReport } from './report.js';
import { sendTenMessagesEach, startWorkers } from './workers.js';

const options = readOptions(process.argv.slice(2));
if (options === 'help') {
  process.stdout.write(USAGE);
} else if ('problems' in options) {
  process.stderr.write(`${options.problems.join('\n')}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  await run(options);
}

async function run({ name, port, seeds, interval }: Options): Promise<void> {
  Cluster.onNodeUp(({ id }) => console.log(`Node joined: ${id}\n`));
  Cluster.onNodeDown((id, reason) => console.log(`Node left: ${id} (${reason})\n`));
  try {
    await Cluster.start({ nodeName: name, port, seeds });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return;
  }

  const workers = await startWorkers();
  await sendTenMessagesEach(workers);

  // This node: synchronous, and never behind.
  console.log(localReport(Cluster.getLocalNodeId(), Observer.getSnapshot()));

  // All nodes: at once, and then every interval.
  const stopPolling = ClusterObserver.startPolling(interval, (event) => {
    if (event.type === 'cluster_snapshot_update') console.log(overview(event.snapshot));
  });

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    stopPolling();
    // Leaves the cluster politely, then stops the workers.
    await shutdown();
    // A program that started this one and listens need not keep it alive.
    if (process.connected) process.disconnect();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
}
