import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../src/clock.js';

describe('a simulated clock', () => {
  test('stands still until it is moved', () => {
    const clock = new SimulatedClock(1000);
    expect([clock.now(), clock.monotonic()]).toEqual([1000, 0]);
    clock.advance(250);
    expect([clock.now(), clock.monotonic()]).toEqual([1250, 250]);
  });

  test('fires a timer at its own moment, not before, and once', () => {
    const clock = new SimulatedClock();
    const fired: number[] = [];
    clock.setTimeout(() => fired.push(clock.monotonic()), 100);
    clock.advance(99);
    expect(fired).toEqual([]);
    clock.advance(51);
    expect(fired).toEqual([100]);
    expect(clock.monotonic()).toBe(150);
    clock.advance(1000);
    expect(fired).toEqual([100]);
  });

  test('fires a timer set by a timer in the same move, when it is due by then', () => {
    const clock = new SimulatedClock();
    const fired: [string, number][] = [];
    clock.setTimeout(() => {
      fired.push(['outer', clock.monotonic()]);
      clock.setTimeout(() => fired.push(['inner', clock.monotonic()]), 10);
      clock.setTimeout(() => fired.push(['later', clock.monotonic()]), 500);
    }, 20);
    clock.setTimeout(() => fired.push(['between', clock.monotonic()]), 25);
    clock.advance(100);
    expect(fired).toEqual([
      ['outer', 20],
      ['between', 25],
      ['inner', 30],
    ]);
  });

  test('does not fire a cleared timer, even one cleared by the timer before it', () => {
    const clock = new SimulatedClock();
    const fired: string[] = [];
    const second = clock.setTimeout(() => fired.push('second'), 10);
    clock.setTimeout(() => {
      fired.push('first');
      clock.clearTimeout(second);
    }, 5);
    clock.advance(10);
    expect(fired).toEqual(['first']);
  });

  test('takes a negative delay for none', () => {
    const clock = new SimulatedClock();
    let fired = false;
    clock.setTimeout(() => {
      fired = true;
    }, -5);
    clock.advance(0);
    expect(fired).toBe(true);
    expect(clock.monotonic()).toBe(0);
  });

  test('never goes back, even when a timer moves it on past the end of the move', () => {
    const clock = new SimulatedClock();
    clock.setTimeout(() => clock.advance(1000), 10);
    clock.advance(20);
    expect(clock.monotonic()).toBe(1010);
  });

  test('follows the time of day when that is set, and measures durations as before', () => {
    const clock = new SimulatedClock(10_000);
    let fired = false;
    clock.setTimeout(() => {
      fired = true;
    }, 100);
    clock.stepWallClock(-5000);
    expect(clock.now()).toBe(5000);
    clock.advance(99);
    expect(fired).toBe(false);
    clock.advance(1);
    expect(fired).toBe(true);
  });

  const delays = fc.array(fc.record({ delay: fc.nat(50), cleared: fc.boolean() }), { maxLength: 100 });

  property.prop([delays])('fires by due time, and equal times in the order they were set', (timers) => {
    const clock = new SimulatedClock();
    const fired: number[] = [];
    const handles = timers.map(({ delay }, index) => clock.setTimeout(() => fired.push(index), delay));
    timers.forEach(({ cleared }, index) => {
      const handle = handles[index];
      if (cleared && handle !== undefined) clock.clearTimeout(handle);
    });
    clock.advance(50);
    const expected = timers
      .map(({ delay, cleared }, index) => ({ delay, cleared, index }))
      .filter(({ cleared }) => !cleared)
      .sort((a, b) => a.delay - b.delay || a.index - b.index)
      .map(({ index }) => index);
    expect(fired).toEqual(expected);
  });
});
