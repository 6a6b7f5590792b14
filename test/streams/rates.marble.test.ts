import { describe, expect, test } from 'vitest';
import { type Rates, rates, ratesBetween } from '../../streams/message-rates.js';
import type { ObserverSnapshot } from '../../streams/snapshot.js';
import { marbles } from '../helpers/marbles.js';
import { clusterOf, nodeAt } from '../helpers/snapshots.js';

const expected = (messagesPerSecond: number, processes: Readonly<Record<string, number>>): Rates => ({
  messagesPerSecond,
  nodes: [{ messagesPerSecond, processes: new Map(Object.entries(processes)) }],
});

describe('rates', () => {
  test('has messages per second of each process that handled any, from the second snapshot on', () => {
    marbles(({ cold, expectObservable }) => {
      const snapshot$ = cold('a-b-c|', {
        a: nodeAt(0, { p1: { messages: 10 }, p2: { messages: 5 } }),
        b: nodeAt(2000, { p1: { messages: 30 }, p2: { messages: 5 } }),
        c: nodeAt(2500, { p1: { messages: 30 }, p2: { messages: 6 } }),
      });
      expectObservable(snapshot$.pipe(rates())).toBe('--b-c|', {
        b: expected(10, { p1: 10 }),
        c: expected(2, { p2: 2 }),
      });
    });
  });

  test('counts all messages of a process that was started in between, and none of one that is gone', () => {
    marbles(({ cold, expectObservable }) => {
      const snapshot$ = cold('ab', {
        a: nodeAt(0, { p1: { messages: 10 }, p2: { messages: 0 } }),
        b: nodeAt(1000, { p2: { messages: 1 }, p3: { messages: 7 } }),
      });
      expectObservable(snapshot$.pipe(rates())).toBe('-b', { b: expected(8, { p2: 1, p3: 7 }) });
    });
  });

  test('waits with a snapshot of the same moment, and begins again when the clock was set back', () => {
    marbles(({ cold, expectObservable }) => {
      const snapshot$ = cold('abcde', {
        a: nodeAt(5000, { p1: { messages: 0 } }),
        b: nodeAt(5000, { p1: { messages: 3 } }),
        c: nodeAt(6000, { p1: { messages: 4 } }),
        d: nodeAt(2000, { p1: { messages: 5 } }),
        e: nodeAt(3000, { p1: { messages: 9 } }),
      });
      const none: Rates = { messagesPerSecond: 0, nodes: [] };
      expectObservable(snapshot$.pipe(rates())).toBe('-bcde', {
        b: none,
        c: expected(4, { p1: 4 }),
        d: none,
        e: expected(4, { p1: 4 }),
      });
    });
  });

  test('of a cluster has each node by its own clock, and leaves out one that is not connected', () => {
    const a = [nodeAt(0, { p1: {} }), nodeAt(1000, { p1: { messages: 4 } })] as const;
    const b = [nodeAt(70_000, { p1: {} }), nodeAt(72_000, { p1: { messages: 4 } })] as const;
    const of = (nodeId: string, perSecond: number) => ({
      nodeId,
      messagesPerSecond: perSecond,
      processes: new Map([['p1', perSecond]]),
    });
    marbles(({ cold, expectObservable }) => {
      const snapshot$ = cold('abcd', {
        a: clusterOf({ a: a[0], b: b[0] }),
        b: clusterOf({ a: a[1], b: null }),
        c: clusterOf({ a: a[1], b: b[1] }),
        d: clusterOf({ b: b[1] }),
      });
      expectObservable(snapshot$.pipe(rates())).toBe('-bcd', {
        b: { messagesPerSecond: 4, nodes: [of('a', 4)] },
        c: { messagesPerSecond: 6, nodes: [of('a', 4), of('b', 2)] },
        d: { messagesPerSecond: 2, nodes: [of('b', 2)] },
      });
    });
  });

  test('has none of a node that was lost, and when it is back, those over the time in between', () => {
    const node = (seconds: number, messages: number) => clusterOf({ a: nodeAt(1000 * seconds, { p1: { messages } }) });
    const rateOf = (perSecond: number): Rates => ({
      messagesPerSecond: perSecond,
      nodes: [{ nodeId: 'a', messagesPerSecond: perSecond, processes: new Map([['p1', perSecond]]) }],
    });
    marbles(({ cold, expectObservable }) => {
      const snapshot$ = cold('abcd', { a: node(0, 1), b: node(1, 5), c: clusterOf({ a: null }), d: node(3, 11) });
      expectObservable(snapshot$.pipe(rates())).toBe('-bcd', {
        b: rateOf(4),
        c: { messagesPerSecond: 0, nodes: [] },
        d: rateOf(3),
      });
    });
  });

  test('passes on completion and errors', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<ObserverSnapshot>('--|').pipe(rates())).toBe('--|');
      expectObservable(cold<ObserverSnapshot>('--#').pipe(rates())).toBe('--#');
    });
  });
});

describe('ratesBetween', () => {
  test('is undefined when no time lies between the snapshots', () => {
    const snapshot = nodeAt(1000, { p1: {} });
    expect(ratesBetween(snapshot, snapshot)).toBeUndefined();
    expect(ratesBetween(snapshot, nodeAt(999, { p1: {} }))).toBeUndefined();
  });

  test('takes a process that has the id of another one for a new one', () => {
    // Another one because it was started at another time.
    const before = nodeAt(0, { other: {}, p1: { messages: 100 } });
    const after = nodeAt(1000, { p1: { messages: 7 } });
    expect(ratesBetween(before, after)?.processes).toEqual(new Map([['p1', 7]]));
  });
});
