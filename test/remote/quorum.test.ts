import { describe, expect, test } from 'vitest';
import { MAX_TIMER_MS, SimulatedClock } from '../../src/clock.js';
import { Alarm } from '../../src/remote/alarm.js';
import { confirmedUntil } from '../../src/remote/confirmed-until.js';
import { Quorum, type QuorumItem } from '../../src/remote/quorum.js';

const SETTINGS = { minNodes: 2, windowMs: 6000, intervalMs: 1000 };

/** A node whose peers `b` and `c` are played by the test. */
function nodeWithPeers() {
  const clock = new SimulatedClock();
  const sent: [QuorumItem, string | undefined][] = [];
  const changes: boolean[] = [];
  const errors: Error[] = [];
  const quorum = new Quorum({
    now: () => clock.monotonic(),
    after(ms, action) {
      const timer = clock.setTimeout(action, ms);
      return () => clock.clearTimeout(timer);
    },
    send: (item, to) => void sent.push([item, to]),
    synchronized: () => undefined,
    withheldFrom: () => ['theirs'],
    confirmed: () => undefined,
    onError: (error) => void errors.push(error),
  });
  quorum.onChange((hasQuorum) => void changes.push(hasQuorum));
  return { clock, quorum, sent, changes, errors };
}

/** Connects both peers, which makes the node count at once. */
function connect(quorum: Quorum): void {
  for (const id of ['b', 'c']) {
    quorum.up(id, `life of ${id}`);
    quorum.receive(id, ['quorum_ping', 17, 2, 6000]);
  }
}

describe('the quorum of a node', () => {
  test('is there without minNodes, and needs no messages', () => {
    const { quorum, sent, clock } = nodeWithPeers();
    quorum.start(undefined);
    connect(quorum);
    clock.advance(60_000);
    expect(quorum.hasQuorum()).toBe(true);
    expect(quorum.reserveMs).toBe(0);
    expect(sent).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('lasts for the window after the ping that was answered, not after the answer', () => {
    const { quorum, clock, changes } = nodeWithPeers();
    quorum.start(SETTINGS);
    connect(quorum);
    expect(changes).toEqual([false]);
    const { lastPing } = quorum;
    clock.advance(5000);
    quorum.receive('b', ['quorum_echo', lastPing, []]);
    expect(quorum.hasQuorum()).toBe(true);
    expect(quorum.nodesSeen).toBe(2);
    clock.advance(lastPing + 6000 - clock.monotonic() - 1);
    expect(changes).toEqual([false, true]);
    clock.advance(1);
    expect(changes).toEqual([false, true, false]);
  });

  test('does not believe an answer to a ping that was never sent', () => {
    const { quorum, changes } = nodeWithPeers();
    quorum.start(SETTINGS);
    connect(quorum);
    quorum.receive('b', ['quorum_echo', 1e9, []]);
    expect(changes).toEqual([false]);
  });

  test('counts a runtime with two node ids once', () => {
    const { quorum } = nodeWithPeers();
    quorum.start({ ...SETTINGS, minNodes: 3 });
    for (const id of ['b', 'b2']) {
      quorum.up(id, 'life of b');
      quorum.receive(id, ['quorum_echo', quorum.lastPing, []]);
    }
    expect(quorum.nodesSeen).toBe(1);
  });

  test('answers pings with what it does not confirm, but not before it counts', () => {
    const { quorum, sent, clock } = nodeWithPeers();
    quorum.start(SETTINGS);
    quorum.up('b', 'life of b');
    quorum.receive('b', ['quorum_ping', 17, 2, 6000]);
    const echoes = () => sent.filter(([item]) => item[0] === 'quorum_echo');
    expect(echoes()).toEqual([]);
    clock.advance(quorum.reserveMs);
    quorum.receive('b', ['quorum_ping', 8017, 2, 6000]);
    expect(echoes()).toEqual([[['quorum_echo', 8017, ['theirs']], 'b']]);
  });

  test('reserves for as long as a peer with slower heartbeats counts', () => {
    const { quorum } = nodeWithPeers();
    quorum.start(SETTINGS);
    quorum.up('b', 'life of b');
    expect(quorum.reserveMsFor('b')).toBe(8000);
    quorum.receive('b', ['quorum_ping', 17, 2, 60_000]);
    expect(quorum.reserveMsFor('b')).toBe(62_000);
    expect(quorum.reserveMs).toBe(8000);
  });

  test('is lost when the node leaves, and then not needed; no timer is left', () => {
    const { quorum, clock, changes } = nodeWithPeers();
    quorum.start(SETTINGS);
    connect(quorum);
    quorum.receive('b', ['quorum_echo', quorum.lastPing, []]);
    quorum.pingSoon();
    quorum.stop();
    expect(changes).toEqual([false, true, false, true]);
    expect(clock.pendingTimers).toBe(0);
    quorum.stop();
    expect(changes).toHaveLength(4);
  });
});

test.each([
  [[], 0, Number.POSITIVE_INFINITY],
  [[], 1, Number.NEGATIVE_INFINITY],
  [[5, 9, 7], 1, 109],
  [[5, 9, 7], 3, 105],
  [[5, 9, 7], 4, Number.NEGATIVE_INFINITY],
])('of confirmations at %j, %i are younger than 100 ms until %d', (times, needed, until) => {
  expect(confirmedUntil(times, needed, 100)).toBe(until);
});

test('an alarm rings at the earliest of its times, and early for one that no timer reaches', () => {
  const clock = new SimulatedClock();
  const rings: number[] = [];
  const after = (ms: number, action: () => void) => {
    const timer = clock.setTimeout(action, ms);
    return () => clock.clearTimeout(timer);
  };
  const alarm = new Alarm({ now: () => clock.monotonic(), after }, () => void rings.push(clock.monotonic()));
  alarm.set(Number.POSITIVE_INFINITY);
  alarm.set(300);
  alarm.set(200);
  alarm.set(250);
  clock.advance(1000);
  expect(rings).toEqual([200]);
  alarm.set(2 * MAX_TIMER_MS);
  clock.advance(MAX_TIMER_MS);
  expect(rings).toHaveLength(2);
  alarm.set(clock.monotonic() + 5);
  alarm.cancel();
  expect(clock.pendingTimers).toBe(0);
});
