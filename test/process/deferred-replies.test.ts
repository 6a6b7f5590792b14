import { expect, test } from 'vitest';
import { DeferredReplies } from '../../src/process/deferred-replies.js';
import { PendingCall } from '../../src/process/envelope.js';

const target = { id: 'p1', registeredName: undefined };

test('calls that are settled are not kept, however many there were', () => {
  const open = new DeferredReplies();
  const failed: PendingCall[] = [];
  class Noted extends PendingCall {
    override fail(): void {
      failed.push(this);
    }
  }
  for (let at = 0; at < 10_000; at += 1) {
    const call = new Noted(target, () => undefined);
    open.add(call);
    if (at % 100 !== 0) call.reply(at);
  }
  // Of the 10,000, 100 are open; besides, as many as come between two sweeps may still be there.
  open.fail(() => new Error('over'));
  expect(failed.filter(({ settled }) => !settled)).toHaveLength(100);
  expect(failed.length).toBeLessThan(400);
});
