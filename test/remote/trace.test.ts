import { expect, test } from 'vitest';
import type { MessageTraced } from '../../streams/events.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { counter } from '../helpers/servers.js';

test('a trace shows who sent each message: a process here, one on another node, or nobody', async () => {
  const [cluster, a, b] = await threeNodes();
  const target = await b.GenServer.start(counter);
  const forwarder = {
    init: () => null,
    handleCall: async (_message: 'go', state: null, { call }: { call: typeof a.GenServer.call }) =>
      [await call(target, 'get'), state] as const,
    handleCast: (_message: never, state: null) => state,
  };
  const near = await b.GenServer.start(forwarder);
  const far = await a.GenServer.start(forwarder);
  const traced: MessageTraced[] = [];
  b.Observer.trace$(target).subscribe((event) => traced.push(event));

  await cluster.settle(b.GenServer.call(near, 'go'));
  await cluster.settle(a.GenServer.call(far, 'go'));
  b.GenServer.cast(target, 'inc');
  a.GenServer.cast(target, 'inc');
  await cluster.run(100);
  expect(traced.map(({ kind, from }) => ({ kind, from }))).toEqual([
    { kind: 'call', from: { id: near.id } },
    { kind: 'call', from: { id: far.id, nodeId: a.id } },
    { kind: 'cast', from: undefined },
    { kind: 'cast', from: undefined },
  ]);
});
