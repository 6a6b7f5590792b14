import { afterEach, expect, test, vi } from 'vitest';
import { createRuntime } from '../../../src/runtime/runtime.js';
import { freePort } from '../../helpers/node-process.js';

afterEach(() => {
  vi.useRealTimers();
});

test('nodes link, answer and leave while a test fakes the timers of the platform', async () => {
  const [a, b] = [createRuntime(), createRuntime()];
  const port = await freePort();
  await a.Cluster.start({ nodeName: 'nodeA', port });
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'performance', 'Date'],
  });
  const up = new Promise<void>((resolve) => {
    b.Cluster.onNodeUp(() => resolve());
  });
  await b.Cluster.start({ nodeName: 'nodeB', port: 0, seeds: [`nodeA@127.0.0.1:${port}`] });
  await up;
  const { nodes } = await b.ClusterObserver.getClusterSnapshot();
  expect(nodes.map(({ status }) => status)).toEqual(['connected', 'connected']);
  await b.shutdown();
  vi.useRealTimers();
  await a.shutdown();
});
