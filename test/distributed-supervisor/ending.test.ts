import { expect, test } from 'vitest';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import { threeNodes } from '../helpers/observed-cluster.js';

test('a transient child that ends normally as soon as it runs is not restarted', async () => {
  const [cluster, a] = await threeNodes();
  let starts = 0;
  const once: GenServerBehavior<null, never, never> = {
    init(self) {
      starts += 1;
      queueMicrotask(() => void a.GenServer.stop(self));
      return null;
    },
    handleCall: () => [null, null],
    handleCast: () => null,
  };
  a.BehaviorRegistry.register('once', once);
  const jobs = await cluster.settle(
    a.DistributedSupervisor.start({ children: [{ id: 'x', behavior: 'once', restart: 'transient' }] }),
  );
  await cluster.run(100);
  expect(starts).toBe(1);
  expect(a.DistributedSupervisor.isRunning(jobs)).toBe(true);
  expect(a.DistributedSupervisor.countChildren(jobs)).toBe(0);
});
