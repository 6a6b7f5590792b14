import { describe, expect, test } from 'vitest';
import { check, heard, heardSince, lateness } from '../../src/cluster/failure-detector.js';

const config = { intervalMs: 1000, missThreshold: 5 };

describe('the failure detector', () => {
  test.each([
    [0, 'alive'],
    [1999, 'alive'],
    [2000, 'suspect'],
    [4999, 'suspect'],
    [5000, 'dead'],
  ])('after %i ms of silence says %s', (silentMs, verdict) => {
    expect(check(heard(100), 100 + silentMs, 0, config).verdict).toBe(verdict);
  });

  test('takes part of a message for a sign of life, but not for ever', () => {
    let pulse = heard(0);
    const verdicts: string[] = [];
    for (let at = 1000; at <= 60_000; at += 1000) {
      pulse = heardSince(pulse, at - 1000, config);
      const checked = check(pulse, at, 0, config);
      pulse = checked.pulse;
      verdicts.push(checked.verdict);
    }
    expect(verdicts.indexOf('suspect')).toBe(50);
    expect(verdicts.indexOf('dead')).toBe(53);
  });

  test('is not made to hear earlier by part of a message what it heard whole', () => {
    expect(heardSince(heard(700), 500, config)).toEqual(heard(700));
  });

  test('takes a check for late only by what exceeds its interval', () => {
    expect(lateness(1000, 2000, 1000)).toBe(0);
    expect(lateness(1000, 1900, 1000)).toBe(0);
    expect(lateness(1000, 11_500, 1000)).toBe(9500);
  });

  test('does not hold the time against a peer in which this process was stopped', () => {
    const late = lateness(1000, 31_000, 1000);
    const woken = check(heard(500), 31_000, late, config);
    expect(woken.verdict).toBe('alive');
    // But from then on time counts again.
    expect(check(woken.pulse, 34_400, 0, config).verdict).toBe('suspect');
    expect(check(woken.pulse, 34_500, 0, config).verdict).toBe('dead');
  });

  test('gives no credit for a stall to a peer that was heard after it', () => {
    const late = lateness(1000, 31_000, 1000);
    const { pulse } = check(heard(30_999), 31_000, late, config);
    expect(check(pulse, 36_000, 0, config).verdict).toBe('dead');
  });
});
