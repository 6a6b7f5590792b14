import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import { describe, test } from 'vitest';
import { emptyModel } from '../../streams/evolve.js';
import { mergeNodes, type NodePresence, type Presence } from '../../streams/merge-nodes.js';
import { createNodeState, type NodeState } from '../../streams/node-report.js';
import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';
import { marbles } from '../helpers/marbles.js';

const MEMORY = { heapUsed: 1, heapTotal: 2, external: 3, rss: 4 };

/** `at`: when it was received, by the reader's monotonic clock, and `wall` by its wall clock. */
function frame(
  nodeId: string,
  version: number,
  incarnation = 1,
  timestamp = version,
  at = version,
  wall = at,
): NodeState {
  const model = { ...emptyModel(() => 0), version };
  return createNodeState(nodeId, { incarnation, timestamp, memory: MEMORY }, model, { timestamp: wall, monotonic: at });
}

function presence(...nodes: readonly NodePresence[]): Presence {
  return { timestamp: 0, monotonic: 0, localNodeId: 'a', nodes };
}

const a: NodePresence = { nodeId: 'a', incarnation: 1, link: 'up' };
const b: NodePresence = { nodeId: 'b', incarnation: 1, link: 'up' };

/** A snapshot in a word for each node: its version, or its status. */
function summary(snapshot$: Observable<ClusterObserverSnapshot>): Observable<string> {
  return snapshot$.pipe(
    map(({ nodes }) =>
      nodes.map(({ nodeId, status, snapshot }) => `${nodeId}:${snapshot?.version ?? status}`).join(' '),
    ),
  );
}

describe('merge', () => {
  test('waits for the first presence, and then emits with every frame and every change of presence', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    1-2---3-|', { 1: frame('a', 1), 2: frame('b', 1), 3: frame('b', 2) });
      const presence$ = cold(' ---p---q|', { p: presence(a, b), q: presence(a, { ...b, link: 'down' }) });
      expectObservable(summary(mergeNodes(frame$, presence$))).toBe('---x--yz|', {
        x: 'a:1 b:1',
        y: 'a:1 b:2',
        z: 'a:1 b:disconnected',
      });
    });
  });

  test('is not taken back by an older version, or an older life', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    123|', { 1: frame('b', 5, 2), 2: frame('b', 4, 2), 3: frame('b', 9, 1) });
      const presence$ = cold(' p--|', { p: presence({ ...b, incarnation: 2 }) });
      expectObservable(summary(mergeNodes(frame$, presence$))).toBe('xxx|', { x: 'b:5' });
    });
  });

  test('shows nothing of an earlier life of a node as if it were the present one', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    1---2|', { 1: frame('b', 5, 1), 2: frame('b', 1, 2) });
      const presence$ = cold(' -p-q-|', { p: presence(b), q: presence({ ...b, incarnation: 2 }) });
      expectObservable(summary(mergeNodes(frame$, presence$))).toBe('-x-yz|', { x: 'b:5', y: 'b:timeout', z: 'b:1' });
    });
  });

  test('takes the life that the link is with for the present one, though its clock was set back', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    1---2|', { 1: frame('b', 5, 7), 2: frame('b', 1, 3) });
      const presence$ = cold(' -p-q-|', {
        p: presence({ ...b, incarnation: 7 }),
        q: presence({ ...b, incarnation: 3 }),
      });
      expectObservable(summary(mergeNodes(frame$, presence$))).toBe('-x-yz|', { x: 'b:5', y: 'b:timeout', z: 'b:1' });
    });
  });

  test('takes what was received last for the newest, whatever the clock of the node says', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    12|', { 1: frame('b', 5, 1, 1000, 1), 2: frame('b', 5, 1, 900, 2) });
      const presence$ = cold(' p-|', { p: presence(b) });
      const heard$ = mergeNodes(frame$, presence$).pipe(map(({ nodes }) => `${nodes[0]?.lastUpdate}`));
      expectObservable(heard$).toBe('12|');
    });
  });

  test('takes of one version what comes last for the newest, though the clock of the reader was set back', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    123|', {
        1: frame('b', 5, 1, 1, 1, 900),
        2: frame('b', 5, 1, 2, 2, 300),
        3: frame('b', 4, 1, 3, 3, 301),
      });
      const presence$ = cold(' p--|', { p: presence(b) });
      const told$ = mergeNodes(frame$, presence$).pipe(map(({ nodes }) => `${nodes[0]?.snapshot?.timestamp}`));
      expectObservable(told$).toBe('122|');
    });
  });

  test('is of the moment at which the newest of all frames was received, though the clock of the reader was set back', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    12|', { 1: frame('b', 5, 1, 1, 1, 900), 2: frame('a', 5, 1, 2, 2, 300) });
      const presence$ = cold(' p-|', { p: presence(a, b) });
      const moment$ = mergeNodes(frame$, presence$).pipe(
        map(({ timestamp, monotonic }) => `${timestamp} ${monotonic}`),
      );
      expectObservable(moment$).toBe('xy|', { x: '900 1', y: '300 2' });
    });
  });

  test('says how old the data of each node is, and of one that was never heard of nothing', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    1|', { 1: frame('b', 5, 1, 1, 70) });
      const presence$ = cold(' p|', { p: { ...presence(a, b), monotonic: 100 } });
      const ages$ = mergeNodes(frame$, presence$).pipe(
        map(({ nodes }) => nodes.map(({ ageMs }) => `${ageMs}`).join(' ')),
      );
      expectObservable(ages$).toBe('x|', { x: 'undefined 30' });
    });
  });

  test('forgets who is not present any more', () => {
    marbles(({ cold, expectObservable }) => {
      const frame$ = cold('    1------|', { 1: frame('b', 5) });
      const presence$ = cold(' -p-q-r-|', { p: presence(a, b), q: presence(a), r: presence(a, b) });
      expectObservable(summary(mergeNodes(frame$, presence$))).toBe('-x-y-z-|', {
        x: 'a:timeout b:5',
        y: 'a:timeout',
        z: 'a:timeout b:timeout',
      });
    });
  });
});
