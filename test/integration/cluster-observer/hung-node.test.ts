import { afterEach, expect, test } from 'vitest';
import { createRuntime } from '../../../src/runtime/runtime.js';
import type { Runtime } from '../../../src/runtime/runtime-options.js';
import type { NodeObserverStatus } from '../../../streams/snapshot.js';
import { freePort, type RealProcess, startExample } from '../../helpers/node-process.js';

interface Round {
  readonly at: number;
  readonly status: NodeObserverStatus | undefined;
  readonly error: string | undefined;
}

let runtime: Runtime | undefined;
let hung: RealProcess | undefined;

afterEach(async () => {
  hung?.signal('SIGKILL');
  await hung?.ended;
  await runtime?.shutdown();
});

test('polling goes on at its pace while a process is stopped, and sees it come back', async () => {
  runtime = createRuntime();
  const { Cluster, ClusterObserver } = runtime;
  await Cluster.start({ nodeName: 'watcher', port: await freePort() });
  const port = await freePort();
  hung = startExample(['--name', 'hung', '--port', String(port), '--seed', Cluster.getLocalNodeId()]);
  const hungId = `hung@127.0.0.1:${port}`;

  const rounds: Round[] = [];
  let isSeen: (() => void) | undefined;
  const seen = (status: NodeObserverStatus): Promise<void> =>
    new Promise((resolve) => {
      isSeen = () => {
        if (rounds.at(-1)?.status === status) resolve();
      };
    });
  const stopPolling = ClusterObserver.startPolling(500, (event) => {
    if (event.type !== 'cluster_snapshot_update') return;
    const node = event.snapshot.nodes.find(({ nodeId }) => nodeId === hungId);
    rounds.push({ at: performance.now(), status: node?.status, error: node?.error });
    isSeen?.();
  });

  await seen('connected');
  const stoppedAt = rounds.length;
  hung.signal('SIGSTOP');
  await seen('timeout');
  expect(rounds.at(-1)?.error).toContain('did not answer within 400 ms');
  await seen('disconnected');
  expect(rounds.at(-1)?.error).toContain('no heartbeats arrived');
  hung.signal('SIGCONT');
  await seen('connected');
  stopPolling();

  // Statuses came in that order and no other, and no round was skipped: more than one a second, whatever the load.
  const statuses = rounds.slice(stoppedAt).map(({ status }) => status);
  const changes = statuses.filter((status, at) => status !== statuses[at - 1]);
  expect(changes.filter((status, at) => !(at === 0 && status === 'connected'))).toEqual([
    'timeout',
    'disconnected',
    'connected',
  ]);
  const first = rounds[stoppedAt];
  const last = rounds.at(-1);
  if (first === undefined || last === undefined) throw new Error('there were no rounds');
  expect(rounds.length - stoppedAt).toBeGreaterThan((last.at - first.at) / 1000);
});
