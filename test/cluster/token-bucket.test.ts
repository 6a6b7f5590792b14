import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../src/cluster/token-bucket.js';

describe('who has a token bucket of 3, filled by 10 a second,', () => {
  const limit = { burst: 3, perSecond: 10 };

  function takenBy(bucket: TokenBucket, now: number): number {
    let taken = 0;
    while (bucket.take(now)) taken += 1;
    return taken;
  }

  test('may take 3 at once, and then one each 100 ms', () => {
    const bucket = new TokenBucket(limit, 0);
    expect([0, 99, 100, 150, 200].map((now) => takenBy(bucket, now))).toEqual([3, 0, 1, 0, 1]);
  });

  test('that was charged for more than it had waits until that has come in', () => {
    const bucket = new TokenBucket(limit, 0);
    bucket.charge(5);
    expect([0, 200, 299, 300].map((now) => bucket.hasToken(now))).toEqual([false, false, false, true]);
    expect(takenBy(bucket, 300)).toBe(1);
  });

  test('gets no more than 3 by waiting', () => {
    const bucket = new TokenBucket(limit, 0);
    expect([10_000, 10_000, 60_000].map((now) => takenBy(bucket, now))).toEqual([3, 0, 3]);
  });
});
