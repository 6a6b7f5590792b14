import { freePort } from '../../helpers/node-process.js';
import { FixtureNode } from './cluster.js';

const NAMES = ['nodeA', 'nodeB', 'nodeC', 'nodeD', 'nodeE'];
const CRASH_MS = 300;
const BLOCK_MS = 700;

interface FailingCluster {
  readonly nodes: readonly FixtureNode[];
  /** Ends the crashes and blocks. */
  stopTrouble(): void;
}

/** Five nodes, the first with the dashboard. A process of the third crashes again and again; one of the second blocks its event loop. */
export async function startFailingCluster(): Promise<FailingCluster> {
  const [first = '', ...others] = NAMES;
  const a = await FixtureNode.start({ name: first, port: await freePort(), dashboard: await freePort() });
  const started = others.map(async (name) => FixtureNode.start({ name, port: await freePort(), seed: a.id }));
  const nodes = [a, ...(await Promise.all(started))];
  const [, b, c] = nodes;
  const crashes = setInterval(() => c?.send('courier', 'crash'), CRASH_MS);
  const blocks = setInterval(() => b?.send('invoice-2', 'block'), BLOCK_MS);
  return {
    nodes,
    stopTrouble() {
      clearInterval(crashes);
      clearInterval(blocks);
    },
  };
}
