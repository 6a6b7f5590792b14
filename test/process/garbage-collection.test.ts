import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Mailbox } from '../../src/process/mailbox.js';
import { turn } from '../helpers/event-loop.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Whether an object is held by anybody. What a WeakRef was asked for stays until the end of the turn. */
async function isKept(weak: WeakRef<object>): Promise<boolean> {
  await turn();
  collectGarbage();
  return weak.deref() !== undefined;
}

test('a mailbox does not keep a message that was handled', async () => {
  const mailbox = new Mailbox<string>();
  const push = (): WeakRef<object> => {
    const message = { large: true };
    mailbox.push(message, 'cast');
    return new WeakRef(message);
  };
  const weak = push();
  expect(await isKept(weak)).toBe(true);
  mailbox.drop();
  expect(await isKept(weak)).toBe(false);
  expect(mailbox.size).toBe(0);
});

test('the ref of a server that is gone does not keep its state', async () => {
  const { GenServer } = createTestRuntime();
  const states: WeakRef<object>[] = [];
  const ref = await GenServer.start<object, never, never, never>({
    init() {
      const state = { large: true };
      states.push(new WeakRef(state));
      return state;
    },
    handleCall: () => {
      throw new Error('not called');
    },
    handleCast: (_message, state) => state,
  });
  const [state = new WeakRef({})] = states;
  expect(await isKept(state)).toBe(true);
  await GenServer.stop(ref);
  expect(GenServer.isRunning(ref)).toBe(false);
  expect(await isKept(state)).toBe(false);
});
