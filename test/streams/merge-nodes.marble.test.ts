import type { Observable } from 'rxjs';
import { map, scan, startWith } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { mergeNodes, type NodePresence, type Presence } from '../../streams/merge-nodes.js';
import { emptyModel } from '../../streams/node-model.js';
import { createNodeState, type NodeState } from '../../streams/node-report.js';
import { emptyNodeStates, type NodeStates, withNodeState } from '../../streams/node-states.js';
import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';
import { marbles } from '../helpers/marbles.js';

const MEMORY = { heapUsed: 1, heapTotal: 2, external: 3, rss: 4 };

/** `at`: when it was received, by the reader's monotonic clock, and `wall` by its wall clock. */
function state(
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

const a: NodePresence = { nodeId: 'a', incarnation: 1, link: 'connected' };
const b: NodePresence = { nodeId: 'b', incarnation: 1, link: 'connected' };

/** The states of all nodes, as a reader stores them. */
function stored(state$: Observable<NodeState>): Observable<NodeStates> {
  return state$.pipe(
    scan((states, next) => withNodeState(states, next), emptyNodeStates),
    startWith(emptyNodeStates),
  );
}

/** A snapshot in a word for each node: its version, or its status. */
function summary(snapshot$: Observable<ClusterObserverSnapshot>): Observable<string> {
  return snapshot$.pipe(
    map(({ nodes }) =>
      nodes.map(({ nodeId, status, snapshot }) => `${nodeId}:${snapshot?.version ?? status}`).join(' '),
    ),
  );
}

describe('the states', () => {
  const versions = (states: NodeStates): readonly unknown[] =>
    [...states.values()].map(({ incarnation, version }) => [incarnation, version]);

  test('keep the later incarnation of a node', () => {
    const states = withNodeState(withNodeState(emptyNodeStates, state('b', 1, 7)), state('b', 5, 3));
    expect(versions(states)).toEqual([[7, 1]]);
  });

  test('have the incarnation that the reader is linked with, though its clock was set back', () => {
    const states = withNodeState(withNodeState(emptyNodeStates, state('b', 5, 7)), state('b', 1, 3), 3);
    expect(versions(states)).toEqual([[3, 1]]);
    expect(versions(withNodeState(states, state('b', 6, 7), 3))).toEqual([[3, 1]]);
  });
});

describe('mergeNodes', () => {
  test('waits for the first presence, and then emits with every state and every change of presence', () => {
    marbles(({ cold, expectObservable }) => {
      const state$ = cold('    1-2---3-|', { 1: state('a', 1), 2: state('b', 1), 3: state('b', 2) });
      const presence$ = cold(' ---p---q|', { p: presence(a, b), q: presence(a, { ...b, link: 'disconnected' }) });
      expectObservable(summary(mergeNodes(stored(state$), presence$))).toBe('---x--yz|', {
        x: 'a:1 b:1',
        y: 'a:1 b:2',
        z: 'a:1 b:disconnected',
      });
    });
  });

  test('is not taken back by an older version, or an older life', () => {
    marbles(({ cold, expectObservable }) => {
      const state$ = cold('    123|', { 1: state('b', 5, 2), 2: state('b', 4, 2), 3: state('b', 9, 1) });
      const presence$ = cold(' p--|', { p: presence({ ...b, incarnation: 2 }) });
      expectObservable(summary(mergeNodes(stored(state$), presence$))).toBe('xxx|', { x: 'b:5' });
    });
  });

  test('shows nothing of an earlier life of a node as if it were the present one', () => {
    marbles(({ cold, expectObservable }) => {
      const state$ = cold('    1---2|', { 1: state('b', 5, 1), 2: state('b', 1, 2) });
      const presence$ = cold(' -p-q-|', { p: presence(b), q: presence({ ...b, incarnation: 2 }) });
      expectObservable(summary(mergeNodes(stored(state$), presence$))).toBe('-x-yz|', {
        x: 'b:5',
        y: 'b:timeout',
        z: 'b:1',
      });
    });
  });

  test('takes what was received last for the newest, whatever the clock of the node says', () => {
    marbles(({ cold, expectObservable }) => {
      const state$ = cold('    12|', { 1: state('b', 5, 1, 1000, 1), 2: state('b', 5, 1, 900, 2) });
      const presence$ = cold(' p-|', { p: presence(b) });
      const update$ = mergeNodes(stored(state$), presence$).pipe(map(({ nodes }) => `${nodes[0]?.lastUpdate}`));
      expectObservable(update$).toBe('12|');
    });
  });

  test('takes of one version what comes last for the newest, though the clock of the reader was set back', () => {
    marbles(({ cold, expectObservable }) => {
      const state$ = cold('    123|', {
        1: state('b', 5, 1, 1, 1, 900),
        2: state('b', 5, 1, 2, 2, 300),
        3: state('b', 4, 1, 3, 3, 301),
      });
      const presence$ = cold(' p--|', { p: presence(b) });
      const timestamp$ = mergeNodes(stored(state$), presence$).pipe(
        map(({ nodes }) => `${nodes[0]?.snapshot?.timestamp}`),
      );
      expectObservable(timestamp$).toBe('122|');
    });
  });

  test('is of the moment at which the newest of all states was received, though the clock of the reader was set back', () => {
    marbles(({ cold, expectObservable }) => {
      const state$ = cold('    12|', { 1: state('b', 5, 1, 1, 1, 900), 2: state('a', 5, 1, 2, 2, 300) });
      const presence$ = cold(' p-|', { p: presence(a, b) });
      const moment$ = mergeNodes(stored(state$), presence$).pipe(
        map(({ timestamp, monotonic }) => `${timestamp} ${monotonic}`),
      );
      expectObservable(moment$).toBe('xy|', { x: '900 1', y: '300 2' });
    });
  });

  test('says how old the data of each node is, except for a node that has not reported', () => {
    marbles(({ cold, expectObservable }) => {
      const state$ = cold('    1|', { 1: state('b', 5, 1, 1, 70) });
      const presence$ = cold(' p|', { p: { ...presence(a, b), monotonic: 100 } });
      const ages$ = mergeNodes(stored(state$), presence$).pipe(
        map(({ nodes }) => nodes.map(({ ageMs }) => `${ageMs}`).join(' ')),
      );
      expectObservable(ages$).toBe('x|', { x: 'undefined 30' });
    });
  });
});
