import { expect, test } from 'vitest';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import { threeNodes } from '../helpers/observed-cluster.js';

test('each start of a child gets the args as they were at the start of its supervisor', async () => {
  const [cluster, a] = await threeNodes();
  const seen: string[] = [];
  a.BehaviorRegistry.register('list', (args: string[]): GenServerBehavior<null, never, 'boom'> => {
    seen.push(args.join());
    args.push('changed by the factory');
    return {
      init: () => null,
      handleCall: () => [null, null],
      handleCast() {
        throw new Error('boom');
      },
    };
  });
  const args = ['first'];
  const jobs = await cluster.settle(a.DistributedSupervisor.start({ children: [{ id: 'x', behavior: 'list', args }] }));
  expect(args).toEqual(['first']);
  args.push('changed by the caller');
  const child = a.DistributedSupervisor.getChild(jobs, 'x')?.ref;
  if (child !== undefined) a.GenServer.cast(child, 'boom');
  await cluster.run(100);
  expect(seen).toEqual(['first', 'first']);
});
