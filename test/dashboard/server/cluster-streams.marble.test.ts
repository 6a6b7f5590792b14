import { asyncScheduler, map, NEVER, type Observable } from 'rxjs';
import { describe, test } from 'vitest';
import type { ClusterSource } from '../../../src/dashboard/cluster-source.js';
import { logUpdates, viewUpdates } from '../../../src/dashboard/server/cluster-streams.js';
import type { ClusterObserverSnapshot, LogEntry } from '../../../streams/index.js';
import { crash } from '../../helpers/cluster-source.js';
import { marbles } from '../../helpers/marbles.js';
import { clusterOf } from '../../helpers/snapshots.js';

type Snapshots = Record<string, ClusterObserverSnapshot>;

/** Snapshots that differ in when they were made: `a` at 1, `b` at 2 ... */
const snapshots: Snapshots = Object.fromEntries(
  [...'abcdefgh'].map((letter, index) => [letter, { ...clusterOf({}), timestamp: index + 1 }]),
);
const watch = { y: true, n: false };

function source(parts: Partial<ClusterSource>): ClusterSource {
  return { snapshot$: NEVER, log$: NEVER, poll$: () => NEVER, ...parts };
}

/** `a`, `b` ... for the views of these snapshots; what is lost by its problem. */
function shortened(news$: ReturnType<typeof viewUpdates>): Observable<string> {
  return news$.pipe(
    map((news) => (news.type === 'view' ? String.fromCharCode(96 + news.view.timestamp) : news.problem)),
  );
}

describe('viewNews$', () => {
  test('polls every ten seconds without a viewer', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const polled$ = cold('a 9999ms b 9999ms c', snapshots);
      const intervals: number[] = [];
      const poll$ = (ms: number) => {
        intervals.push(ms);
        return polled$;
      };
      const snapshot$ = cold('a', snapshots);
      const news$ = shortened(viewUpdates(source({ poll$, snapshot$ }), hot('n-', watch), asyncScheduler));
      expectObservable(news$).toBe('a 9999ms b 9999ms c');
      expectSubscriptions(snapshot$.subscriptions).toBe([]);
      expectSubscriptions(polled$.subscriptions).toBe('^');
    });
  });

  test('subscribes as soon as there is a viewer, and makes at most one view a second', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const snapshot$ = cold('a 99ms b 99ms c 99ms d 1199ms e', snapshots);
      const news$ = shortened(viewUpdates(source({ snapshot$ }), hot('5s y', watch), asyncScheduler));
      // The newest at the end of each second.
      expectObservable(news$).toBe('5s a 999ms d 999ms e');
    });
  });

  test('goes on watching for a while when the last one leaves, and does not start again for one that comes back', () => {
    marbles(({ cold, hot, expectSubscriptions, expectObservable }) => {
      const snapshot$ = cold('a', snapshots);
      const polled$ = cold('b', snapshots);
      const isWatched$ = hot('y 99ms n 3999ms y 99ms n', watch);
      const news$ = viewUpdates(source({ snapshot$, poll$: () => polled$ }), isWatched$, asyncScheduler);
      expectObservable(shortened(news$)).toBe('a 9199ms b');
      expectSubscriptions(snapshot$.subscriptions).toBe('^ 9199ms !');
      expectSubscriptions(polled$.subscriptions).toBe(['(^!)', '9200ms ^']);
    });
  });

  test('says why there is no more, and tries again every two seconds for as long as it takes', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const snapshot$ = cold('a 499ms b 499ms #', snapshots, new Error('gone'));
      const news$ = shortened(viewUpdates(source({ snapshot$ }), hot('y', watch), asyncScheduler));
      expectObservable(news$, '^ 6999ms !').toBe('a 999ms x 1999ms a 999ms x 1999ms a', { ...letters(), x: 'gone' });
    });
  });

  test('takes the end of the source, as when the cluster stops, for a loss as well', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const snapshot$ = cold('a-|', snapshots);
      const news$ = shortened(viewUpdates(source({ snapshot$ }), hot('y', watch), asyncScheduler));
      expectObservable(news$, '^ 2999ms !').toBe('a-x 1999ms a-x', { ...letters(), x: 'the cluster has stopped' });
    });
  });

  test('survives a source that throws instead of failing', () => {
    marbles(({ hot, expectObservable }) => {
      const poll$ = () => {
        throw new Error('not yet');
      };
      const news$ = shortened(viewUpdates(source({ poll$ }), hot('n', watch), asyncScheduler));
      expectObservable(news$, '^ 3s !').toBe('x 1999ms x', { x: 'not yet' });
    });
  });
});

describe('logNews$', () => {
  const entries: Record<string, LogEntry> = { a: crash('p1', 1), b: crash('p2', 2), c: crash('p3', 3) };
  const { a, b, c } = entries;

  test('gathers what happens within a quarter of a second, and is silent while nothing does', () => {
    marbles(({ cold, expectObservable }) => {
      const log$ = cold('a 9ms b 9ms c 999ms a', entries);
      expectObservable(logUpdates(source({ log$ }), asyncScheduler), '^ 2s !').toBe('250ms x 1019ms y', {
        x: { type: 'log', entries: [a, b, c] },
        y: { type: 'log', entries: [a] },
      });
    });
  });

  test('says that what comes next may have come before', () => {
    marbles(({ cold, expectObservable }) => {
      const log$ = cold('a 299ms b|', entries);
      const news$ = logUpdates(source({ log$ }), asyncScheduler);
      expectObservable(news$, '^ 2600ms !').toBe('250ms x 50ms (yg) 2246ms x', {
        x: { type: 'log', entries: [a] },
        y: { type: 'log', entries: [b] },
        g: { type: 'log_ended' },
      });
    });
  });
});

function letters(): Record<string, string> {
  return Object.fromEntries(Object.keys(snapshots).map((letter) => [letter, letter]));
}
