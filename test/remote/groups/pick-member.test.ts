import { expect, test } from 'vitest';
import { inPickOrder } from '../../../src/remote/groups/pick-member.js';

const members = [
  { id: 'local1', isLocal: true, unanswered: 3 },
  { id: 'local2', isLocal: true, unanswered: 1 },
  { id: 'far1', isLocal: false, unanswered: 0 },
  { id: 'far2', isLocal: false, unanswered: 1 },
];

const order = (pick: Parameters<typeof inPickOrder>[1], turn: number, random = 0): readonly string[] =>
  inPickOrder(members, pick, { turn, random: () => random }).map(({ id }) => id);

test('local_first tries the members of this node in turn, then the others', () => {
  expect(order('local_first', 0)).toEqual(['local1', 'local2', 'far1', 'far2']);
  expect(order('local_first', 1)).toEqual(['local2', 'local1', 'far2', 'far1']);
});

test('round_robin begins with the next member each time', () => {
  expect([0, 1, 2, 3, 4].map((turn) => order('round_robin', turn)[0])).toEqual([
    'local1',
    'local2',
    'far1',
    'far2',
    'local1',
  ]);
  expect(order('round_robin', 2)).toEqual(['far1', 'far2', 'local1', 'local2']);
});

test('random begins with any member', () => {
  expect([0, 0.3, 0.5, 0.99].map((random) => order('random', 0, random)[0])).toEqual([
    'local1',
    'local2',
    'far1',
    'far2',
  ]);
});

test('least_queue begins with the fewest unanswered calls, and takes turns among equals', () => {
  expect(order('least_queue', 0)).toEqual(['far1', 'local2', 'far2', 'local1']);
  expect(order('least_queue', 3)).toEqual(['far1', 'far2', 'local2', 'local1']);
});

test('without members there is nothing to try', () => {
  for (const pick of ['local_first', 'round_robin', 'random', 'least_queue'] as const) {
    expect(inPickOrder([], pick, { turn: 5, random: () => 0.5 })).toEqual([]);
  }
});
