import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/clock.js';
import type { RequestFrame } from '../../../src/cluster/frames.js';
import {
  MAX_WAITING,
  ObserverRequestQueue,
  SHARED_RATE_LIMIT,
} from '../../../src/cluster/mesh/observer-request-queue.js';

const { burst, perSecond } = SHARED_RATE_LIMIT;

function serveObservers() {
  const clock = new SimulatedClock();
  const served: { readonly observer: string; readonly id: number; readonly body: unknown; readonly at: number }[] = [];
  const notReady = new Set<string>();
  const requests = new ObserverRequestQueue<string>({
    clock,
    isReady: (observer) => !notReady.has(observer),
    serve: (observer, { id, body }) => served.push({ observer, id, body, at: clock.monotonic() }),
  });
  let lastId = 0;
  const ask = (observer: string, body: unknown = null): boolean => {
    lastId += 1;
    const request: RequestFrame = { type: 'request', id: lastId, method: 'observer.report', body };
    return requests.add(observer, request);
  };
  return { clock, served, notReady, requests, ask };
}

describe('the requests of all observers together', () => {
  test('are served at once within the rate', () => {
    const { served, ask } = serveObservers();
    for (let n = 0; n < burst; n += 1) expect(ask(`observer${n % 100}`)).toBe(true);
    expect(served.length).toBe(burst);
  });

  test('are not served faster than that, however many observers ask, and one that asks little soon has its answer', () => {
    const { clock, served, ask, requests } = serveObservers();
    const dropped = new Set<string>();
    const modest: number[] = [];
    // 40 observers that ask 90 times a second, and one that asks once a second.
    for (let ms = 0; ms < 10_000; ms += 10) {
      for (let n = 0; n < 36; n += 1) if (!ask(`greedy${(ms / 10 + n) % 40}`)) dropped.add(`greedy${n}`);
      if (ms % 1000 === 500) {
        expect(ask('modest')).toBe(true);
        modest.push(ms);
      }
      clock.advance(10);
    }
    expect(served.length).toBeLessThanOrEqual(burst + 10 * perSecond + 1);
    expect(served.length).toBeGreaterThan(9 * perSecond);
    expect(dropped.size).toBeGreaterThan(0);
    const waits = served.filter(({ observer }) => observer === 'modest').map(({ at }, n) => at - (modest[n] ?? 0));
    expect(waits.length).toBe(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(100);
    requests.stop();
  });

  test('cost more when their answers are long', () => {
    const { clock, served, ask, requests } = serveObservers();
    expect(ask('one')).toBe(true);
    requests.charge(16 * 1024 * (burst + perSecond));
    ask('one');
    ask('other');
    clock.advance(900);
    expect(served.length).toBe(1);
    clock.advance(200);
    expect(served.length).toBe(3);
    requests.stop();
  });

  test('wait while an observer does not take its answers, and are served in order when it does', () => {
    const { clock, served, notReady, ask } = serveObservers();
    notReady.add('slow');
    ask('slow', { since: new Date(5) });
    ask('slow', 'second');
    ask('quick');
    clock.advance(60_000);
    expect(served.map(({ observer }) => observer)).toEqual(['quick']);
    notReady.clear();
    clock.advance(100);
    expect(served.slice(1).map(({ body }) => body)).toEqual([{ since: new Date(5) }, 'second']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('wait in a bounded number and length for one observer', () => {
    const { notReady, ask, requests } = serveObservers();
    notReady.add('slow').add('long');
    for (let n = 0; n < MAX_WAITING; n += 1) expect(ask('slow')).toBe(true);
    expect(ask('slow')).toBe(false);
    expect(ask('long', 'x'.repeat(60_000))).toBe(true);
    expect(ask('long', 'x'.repeat(10_000))).toBe(false);
    requests.remove('slow');
    expect(ask('slow')).toBe(true);
    requests.stop();
  });

  test('leave no timer behind when they are stopped', () => {
    const { clock, notReady, ask, requests } = serveObservers();
    notReady.add('slow');
    ask('slow');
    expect(clock.pendingTimers).toBe(1);
    requests.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
