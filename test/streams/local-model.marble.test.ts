import { map } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { RuntimeEvent } from '../../streams/events.js';
import { localModel } from '../../streams/local-model.js';
import { emptyModel } from '../../streams/node-model.js';
import { marbles } from '../helpers/marbles.js';

const spawned = (id: string): RuntimeEvent => ({
  type: 'process_spawned',
  id,
  kind: 'genserver',
  seq: 1,
  at: 0,
  monotonic: 0,
});
const exited = (id: string): RuntimeEvent => ({
  type: 'process_exited',
  id,
  kind: 'genserver',
  reason: 'normal',
  unhandled: 0,
  seq: 1,
  at: 0,
  monotonic: 0,
});
const events = { a: spawned('a'), b: spawned('b'), A: exited('a') };
const initial = emptyModel(() => 0);

const idsAfter = (eventMarbles: string, turnMarbles: string, expected: string, values: Record<string, string>): void =>
  marbles(({ hot, expectObservable }) => {
    const turns$ = hot(turnMarbles).pipe(map(() => undefined));
    const ids$ = localModel(hot(eventMarbles, events), turns$, initial).pipe(
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

  test('shows what is folded in portions with the last of them, and keeps the rest for later', () => {
    marbles(({ hot, expectObservable }) => {
      const portions$ = hot('---p-q--r', {
        p: { events: 1, isLast: false },
        q: { events: 1, isLast: true },
        r: { events: 5, isLast: true },
      });
      const events$ = hot('-(abc)---', { ...events, c: spawned('c') });
      const ids$ = localModel(events$, portions$, initial).pipe(
        map(({ servers, version }) => `${servers.rows.map(({ id }) => id).join(' ')} ${version}`),
      );
      expectObservable(ids$).toBe('0----1--2', { 0: ' 0', 1: 'a b 2', 2: 'a b c 3' });
    });
  });

  test('folds what is left when the events are at their end, and ends', () => {
    idsAfter('-ab|', '-----', '0--(1|)', { 0: '', 1: 'a b' });
  });

  test('fails with the events, and with the turns', () => {
    marbles(({ hot, expectObservable }) => {
      const moments = (diagram: string) => hot(diagram).pipe(map(() => undefined));
      expectObservable(localModel(hot('-#', events), moments('--'), initial)).toBe('m#', { m: initial });
      expectObservable(localModel(hot('--', events), moments('-#'), initial)).toBe('m#', { m: initial });
    });
  });

  test('gives the very model it began with until something happens', () => {
    marbles(({ hot, expectObservable }) => {
      const turns$ = hot('-t').pipe(map(() => undefined));
      const same$ = localModel(hot<RuntimeEvent>('--'), turns$, initial).pipe(map((model) => model === initial));
      expectObservable(same$).toBe('s-', { s: true });
    });
    expect(initial.version).toBe(0);
  });
});
