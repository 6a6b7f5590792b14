import { beforeEach, describe, expect, test } from 'vitest';
import { CostMeter } from '../../src/observer/observer-cost.js';

describe('the cost of observing', () => {
  let now = 0;
  let meter = new CostMeter(() => now);

  beforeEach(() => {
    now = 0;
    meter = new CostMeter(() => now);
  });

  const work = (ms: number) => (): void => {
    now += ms;
  };

  test('is nothing at first', () => {
    expect(meter.cost()).toEqual({ msPerSecond: 0, eventsPerSecond: 0, bytesPerSecond: 0 });
  });

  test('is what was spent, emitted and sent, per second', () => {
    meter.measured(work(20));
    meter.recordEvents(50);
    meter.recordBytes(3000);
    now = 2000;
    expect(meter.cost()).toEqual({ msPerSecond: 10, eventsPerSecond: 25, bytesPerSecond: 1500 });
    expect(meter.spentMs).toBe(20);
  });

  test('counts work that is part of other work once, and work that throws, too', () => {
    meter.measured(() => {
      now += 5;
      meter.measured(work(5));
    });
    expect(() =>
      meter.measured(() => {
        now += 5;
        throw new Error('boom');
      }),
    ).toThrow('boom');
    meter.measured(work(5));
    expect(meter.spentMs).toBe(20);
  });

  test('is forgotten after ten seconds', () => {
    meter.measured(work(100));
    now = 5000;
    meter.measured(work(100));
    now = 9999;
    expect(meter.cost().msPerSecond).toBeCloseTo(20, 1);
    now = 12_000;
    expect(meter.cost().msPerSecond).toBe(10);
    now = 16_000;
    expect(meter.cost().msPerSecond).toBe(0);
  });

  test('is the same every second of a steady load', () => {
    for (let i = 0; i < 300; i += 1) {
      now += 99;
      meter.measured(work(1));
      if (now > 2000) {
        expect(meter.cost().msPerSecond).toBeGreaterThan(8.5);
        expect(meter.cost().msPerSecond).toBeLessThan(10.5);
      }
    }
  });
});
