import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { RuntimeEvent } from '../../streams/events.js';
import { emptyModel } from '../../streams/evolve.js';
import { localModel$ } from '../../streams/local.js';
import { marbles } from '../helpers/marbles.js';

const spawned = (id: string): RuntimeEvent => ({ type: 'process_spawned', id, kind: 'genserver', seq: 1, at: 0 });
const exited = (id: string): RuntimeEvent => ({
  type: 'process_exited',
  id,
  kind: 'genserver',
  reason: 'normal',
  unhandled: 0,
  seq: 1,
  at: 0,
});
const events = { a: spawned('a'), b: spawned('b'), A: exited('a') };
const initial = emptyModel(() => 0);

const idsAfter = (eventMarbles: string, turnMarbles: string, expected: string, values: Record<string, string>): void =>
  marbles(({ hot, expectObservable }) => {
    const turns$ = hot(turnMarbles).pipe(map(() => undefined));
    const ids$ = localModel$(hot(eventMarbles, events), turns$, initial).pipe(
      map(({ servers }) => servers.rows.map(({ id }) => id).join(' ')),
    );
    expectObservable(ids$).toBe(expected, values);
  });

describe('the local model', () => {
  test('is the empty one at first', () => {
    idsAfter('-', '-', '0', { 0: '' });
  });

  test('folds the events of a turn in one batch, at the end of the turn', () => {
    idsAfter('-ab------', '----t----', '0---1----', { 0: '', 1: 'a b' });
  });

  test('says nothing at the end of a turn in which nothing happened', () => {
    idsAfter('-a-------', '--t--t-t-', '0-1------', { 0: '', 1: 'a' });
  });

  test('says nothing when what happened changed nothing', () => {
    idsAfter('-a--a--A-', '--t--t--t', '0-1-----2', { 0: '', 1: 'a', 2: '' });
  });

  test('never shows the middle of a turn', () => {
    idsAfter('-(aA)--b-', '------t-t', '0-----1-2', { 0: '', 1: '', 2: 'b' });
  });

  test('gives the very model it began with until something happens', () => {
    marbles(({ hot, expectObservable }) => {
      const turns$ = hot('-t').pipe(map(() => undefined));
      const same$ = localModel$(hot<RuntimeEvent>('--'), turns$, initial).pipe(map((model) => model === initial));
      expectObservable(same$).toBe('s-', { s: true });
    });
    expect(initial.version).toBe(0);
  });
});
