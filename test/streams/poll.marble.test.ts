import { type NEVER, of, throwError, timer } from 'rxjs';
import { map } from 'rxjs/operators';
import { describe, expect, test } from 'vitest';
import { poll } from '../../streams/poll.js';
import { marbles } from '../helpers/marbles.js';

const slowRead = (ms: number, value: string) => timer(ms).pipe(map(() => value));

describe('poll', () => {
  test('reads at once and then every interval, until it is unsubscribed', () => {
    marbles(({ expectObservable }) => {
      let reads = 0;
      expectObservable(
        poll(() => of(`${++reads}`), 5),
        '^------------!',
      ).toBe('1----2----3---');
    });
  });

  test('passes on all that a read gives', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(
        poll(() => cold('a-b|'), 5),
        '^--------!',
      ).toBe('a-b--a-b--');
    });
  });

  test('waits for a read that is slower than nothing and faster than the interval', () => {
    marbles(({ expectObservable }) => {
      expectObservable(
        poll(() => slowRead(3, 'a'), 5),
        '^-----------!',
      ).toBe('---a----a---');
    });
  });

  test('gives up a read that is still open when the next is due', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const slow = cold('-------a|');
      const fast = cold('-b|');
      let reads = 0;
      expectObservable(
        poll(() => (++reads === 1 ? slow : fast), 5),
        '^-----------!',
      ).toBe('------b----b');
      expectSubscriptions(slow.subscriptions).toBe('^----!');
    });
  });

  test('says nothing while every read hangs, and ends the last with its listener', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const hung = cold('-');
      expectObservable(
        poll(() => hung, 5),
        '^-------!',
      ).toBe('---------');
      expectSubscriptions(hung.subscriptions).toBe(['^----!', '-----^--!']);
    });
  });

  test('fails when a read fails', () => {
    marbles(({ expectObservable }) => {
      let reads = 0;
      const read = () => (++reads < 3 ? of('a') : throwError(() => 'no'));
      expectObservable(poll(read, 5)).toBe('a----a----#', undefined, 'no');
    });
  });

  test('fails when read itself throws', () => {
    marbles(({ expectObservable }) => {
      const error = new Error('no');
      const read = (): typeof NEVER => {
        throw error;
      };
      expectObservable(poll(read, 5)).toBe('#', undefined, error);
    });
  });

  test('reads for each listener', () => {
    marbles(({ expectObservable, flush }) => {
      let reads = 0;
      const polled$ = poll(() => of(++reads), 10);
      expectObservable(polled$, '^!');
      expectObservable(polled$, '--^-!');
      flush();
      expect(reads).toBe(2);
    });
  });
});
