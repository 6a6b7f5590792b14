import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { RestartWindow } from '../../src/supervisor/intensity.js';
import { isRestarted, restartGroup } from '../../src/supervisor/strategy.js';

describe('who is restarted', () => {
  const crash = { error: new Error('x') };
  test.each([
    ['permanent', 'normal', true],
    ['permanent', 'shutdown', true],
    ['permanent', 'killed', true],
    ['permanent', crash, true],
    ['transient', 'normal', false],
    ['transient', 'shutdown', false],
    ['transient', 'killed', true],
    ['transient', crash, true],
    ['temporary', 'normal', false],
    ['temporary', 'killed', false],
    ['temporary', crash, false],
  ] as const)('%s after %o: %s', (restart, reason, restarted) => {
    expect(isRestarted(restart, reason)).toBe(restarted);
  });
});

describe('who goes down and up together', () => {
  test.each([
    ['one_for_one', ['b']],
    ['simple_one_for_one', ['b']],
    ['rest_for_one', ['b', 'c']],
    ['one_for_all', ['a', 'b', 'c']],
  ] as const)('%s: %s', (strategy, group) => {
    expect(restartGroup(strategy, ['a', 'b', 'c'], 'b')).toEqual(group);
  });
});

describe('the restart intensity', () => {
  const gaps = fc.array(fc.nat(300), { minLength: 1, maxLength: 40 });

  property.prop([gaps, fc.nat(5), fc.integer({ min: 1, max: 1000 })])(
    'is exceeded when there were more than maxRestarts within withinMs',
    (pauses, maxRestarts, withinMs) => {
      const window = new RestartWindow({ maxRestarts, withinMs });
      let now = 0;
      const all: number[] = [];
      for (const pause of pauses) {
        now += pause;
        all.push(now);
        const counting = all.filter((at) => now - at <= withinMs).length;
        expect(window.record(now)).toBe(counting <= maxRestarts);
        expect(window.size).toBe(counting);
      }
    },
  );

  test('keeps no restart that lies outside its window, however long it goes on', () => {
    const window = new RestartWindow({ maxRestarts: Number.MAX_SAFE_INTEGER, withinMs: 99 });
    for (let now = 0; now < 100_000; now += 1) window.record(now);
    expect(window.size).toBe(100);
  });
});
