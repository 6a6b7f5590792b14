import { describe, expect, test } from 'vitest';
import { createRuntime, type GenServerRef, type ScheduledSend, SimulatedClock } from '../../../src/index.js';
import { turn } from '../../helpers/event-loop.js';
import { counter } from '../../helpers/servers.js';

describe('the context of handlers', () => {
  test('calls and casts as the process, also after something was awaited', async () => {
    const { GenServer } = createRuntime({ reporter: false });
    const target = await GenServer.start(counter);
    const ref = await GenServer.start({
      init: () => 0,
      handleCall: async (message: 'other' | 'self', state: number, { call, cast, self }) => {
        await turn();
        if (message === 'self') return [await call(self, 'other').catch((error) => error.name), state];
        cast(target, 'inc');
        return [await call(target, 'get'), state];
      },
      handleCast: (_message: never, state) => state,
    });
    expect(await GenServer.call(ref, 'other')).toBe(1);
    expect(await GenServer.call(ref, 'self')).toBe('CallingSelfError');
  });

  test('monitors as the process', async () => {
    const { GenServer } = createRuntime({ reporter: false });
    const target = await GenServer.start(counter);
    const ref = await GenServer.start<unknown[], 'get', GenServerRef, unknown>({
      init: () => [],
      handleCall: (_message, seen) => [seen, seen],
      handleCast: (other, seen, { monitor }) => [...seen, monitor(other)],
      handleInfo: (info, seen) => [...seen, info],
    });
    GenServer.cast(ref, target);
    await turn();
    GenServer.kill(target);
    const [monitor, down] = (await GenServer.call(ref, 'get')) as unknown[];
    expect(down).toEqual({ type: 'process_down', monitor, ref: target, reason: 'killed' });
  });

  test('sends messages to the process later, once or again and again, until they are cancelled', async () => {
    const clock = new SimulatedClock();
    const { GenServer } = createRuntime({ clock, reporter: false });
    const timers: ScheduledSend[] = [];
    const log: string[] = [];
    const ref = await GenServer.start<null, 'cancel', string, boolean>({
      init(_self, { sendAfter, sendInterval }) {
        timers.push(sendInterval('tick', 100), sendAfter('once', 150));
        return null;
      },
      handleCall: (_message, state, { cancelTimer }) => [timers.map(cancelTimer).includes(true), state],
      handleCast(message, state) {
        log.push(`${message} ${clock.monotonic()}`);
        return state;
      },
    });
    for (let at = 0; at < 35; at += 1) {
      clock.advance(10);
      await turn();
    }
    expect(log).toEqual(['tick 100', 'once 150', 'tick 200', 'tick 300']);
    expect(await GenServer.call(ref, 'cancel')).toBe(true);
    expect(await GenServer.call(ref, 'cancel')).toBe(false);
    clock.advance(1000);
    await turn();
    expect(log).toHaveLength(4);
  });
});

describe('sendInterval', () => {
  test('leaves out the rounds that it was too late for, and ends with the process', async () => {
    const clock = new SimulatedClock();
    const { GenServer } = createRuntime({ clock, reporter: false });
    const ref = await GenServer.start(counter);
    const timer = GenServer.sendInterval(ref, 'inc', 100);
    clock.advance(1000);
    await turn();
    const handled = await GenServer.call(ref, 'get');
    expect(handled).toBeGreaterThan(0);
    await GenServer.stop(ref);
    expect(GenServer.cancelTimer(timer)).toBe(false);
  });

  test.each([0, -1, Number.NaN, 2 ** 40])('refuses an interval of %s ms', async (ms) => {
    const { GenServer } = createRuntime({ reporter: false });
    const ref = await GenServer.start(counter);
    expect(() => GenServer.sendInterval(ref, 'inc', ms)).toThrow(/^ms must be/);
  });
});
