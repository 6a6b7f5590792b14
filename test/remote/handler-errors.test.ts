import { expect, test } from 'vitest';
import { RemoteError } from '../../src/errors.js';
import { DeferredReplies } from '../../src/process/deferred-replies.js';
import { CallFromRemote } from '../../src/process/envelope.js';
import type { GenServerRef } from '../../src/process/process-refs.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { rejectionOf } from '../helpers/rejections.js';
import { counter } from '../helpers/servers.js';

test.each(['throws', 'promises'] as const)(
  'a handler that %s the error of a call of its own has handled the message',
  async (how) => {
    const [cluster, a, b] = await threeNodes();
    const gone: GenServerRef = await b.GenServer.start(counter);
    b.GenServer.kill(gone);
    let handled = 0;
    const ref = await b.GenServer.start({
      init: () => 0,
      handleCall: async (_message: 'pay', state: number, { call }) => {
        handled += 1;
        const paid = call(gone, 'pay');
        return [how === 'throws' ? await paid : paid, state] as const;
      },
    });
    const error = await rejectionOf(cluster.settle(a.GenServer.call(ref, 'pay')));
    expect(handled).toBe(1);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ remoteCode: 'NOEX_SERVER_NOT_RUNNING', mayHaveBeenHandled: true });
  },
);

test('a call to a process that is gone has not been handled', async () => {
  const [cluster, a, b] = await threeNodes();
  const ref = await b.GenServer.start(counter);
  b.GenServer.kill(ref);
  const error = await rejectionOf(cluster.settle(a.GenServer.call(ref, 'get')));
  expect(error).toMatchObject({ code: 'NOEX_SERVER_NOT_RUNNING', processId: ref.id, mayHaveBeenHandled: false });
});

test('calls from other nodes that nobody waits for any more are not kept until they are answered', () => {
  const open = new DeferredReplies();
  let isGone = false;
  const failed: number[] = [];
  const caller = (number: number) => ({
    reply: () => undefined,
    fail: () => void failed.push(number),
    failHandled: () => undefined,
    get isGone() {
      return isGone;
    },
  });
  for (let number = 0; number < 1000; number += 1) {
    open.add(new CallFromRemote({ id: 'p1', registeredName: undefined }, caller(number)));
  }
  isGone = true;
  // They are removed after as many more.
  for (let number = 1000; number < 3000; number += 1) {
    open.add(new CallFromRemote({ id: 'p1', registeredName: undefined }, caller(number)));
  }
  open.fail(() => new Error('the process has ended'));
  expect(failed).toEqual([]);
});
