import { expect, test } from 'vitest';
import { UnhandledMessageError } from '../../src/errors.js';
import { ObservedCluster, threeNodes } from '../helpers/observed-cluster.js';
import { rejectionOf } from '../helpers/rejections.js';

test('a call that no handler takes is rejected as on the own node: it was not handled', async () => {
  const [cluster, a, b] = await threeNodes();
  const behavior = { init: () => null, handleCall: { get: () => [1, null] as const } };
  const ref = await b.GenServer.start(behavior, { name: 'table' });
  for (const node of [a, b]) {
    const error = await rejectionOf(cluster.settle(node.GenServer.call(ref, { type: 'put' } as never)));
    expect(error).toBeInstanceOf(UnhandledMessageError);
    expect(error).toMatchObject({ processId: ref.id, registeredName: 'table', kind: 'call', messageType: 'put' });
    expect(error).toMatchObject({ mayHaveBeenHandled: false });
  }
  expect(await cluster.settle(a.GenServer.call(ref, { type: 'get' }))).toBe(1);
});

test('such an error of another process, passed on by a handler, is the error of the handler', async () => {
  const [cluster, a, b] = await threeNodes();
  const ref = await b.GenServer.start({
    init: () => null,
    handleCall() {
      throw new UnhandledMessageError('p99', 'call', 'put');
    },
  });
  const error = await rejectionOf(cluster.settle(a.GenServer.call(ref, 'x' as never)));
  expect(error).toMatchObject({ code: 'NOEX_REMOTE', mayHaveBeenHandled: true });
});

test('a process that may not be watched is not taken for ended', async () => {
  const cluster = new ObservedCluster();
  const a = await cluster.start('nodeA');
  const b = await cluster.start('nodeB', {}, { accept: ({ kind }) => kind === 'call' });
  await cluster.run(3000);
  const ref = await b.GenServer.start({ init: () => null, handleCall: () => [1, null] as const });
  expect(await cluster.settle(a.GenServer.exited(ref))).toBe('noproc');
  expect(a.GenServer.isRunning(ref)).toBe(true);
  expect(await cluster.settle(a.GenServer.call(ref, 'x' as never))).toBe(1);
});

test('what takes local processes only says so', async () => {
  const [, a, b] = await threeNodes();
  const ref = await b.GenServer.start({ init: () => null });
  expect(() => a.Registry.register('x', ref)).toThrow(
    /does not belong to this runtime; call this function on the node of the process/,
  );
});
