import { take } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { type Feed, fromFeed } from '../../streams/from-feed.js';

function fakeFeed(): Feed<string> & { say(value: string): void; readonly listeners: number } {
  const listeners = new Set<(value: string) => void>();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    say: (value) => {
      for (const listener of listeners) listener(value);
    },
    get listeners() {
      return listeners.size;
    },
  };
}

describe('an Observable of a feed', () => {
  test('listens only while it has a subscriber', () => {
    const feed = fakeFeed();
    const heard: string[] = [];
    const values$ = fromFeed(feed);
    expect(feed.listeners).toBe(0);
    const subscription = values$.subscribe((value) => heard.push(value));
    feed.say('a');
    expect(feed.listeners).toBe(1);
    subscription.unsubscribe();
    feed.say('b');
    expect(feed.listeners).toBe(0);
    expect(heard).toEqual(['a']);
  });

  test('leaves when its listener has enough', () => {
    const feed = fakeFeed();
    fromFeed(feed).pipe(take(1)).subscribe();
    feed.say('a');
    expect(feed.listeners).toBe(0);
  });
});
