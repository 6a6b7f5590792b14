import { describe, expect, test } from 'vitest';
import { activityAt, activitySince, checkPeer, lateness } from '../../src/cluster/failure-detector.js';

const config = { intervalMs: 1000, missThreshold: 5 };

describe('the failure detector', () => {
  test.each([
    [0, 'alive'],
    [1999, 'alive'],
    [2000, 'suspect'],
    [4999, 'suspect'],
    [5000, 'dead'],
  ])('after %i ms of silence says %s', (silentMs, state) => {
    expect(checkPeer(activityAt(100), 100 + silentMs, 0, config).state).toBe(state);
  });

  test('takes part of a message for a sign of life, but not for ever', () => {
    let activity = activityAt(0);
    const states: string[] = [];
    for (let at = 1000; at <= 60_000; at += 1000) {
      activity = activitySince(activity, at - 1000, config);
      const checked = checkPeer(activity, at, 0, config);
      activity = checked.activity;
      states.push(checked.state);
    }
    expect(states.indexOf('suspect')).toBe(50);
    expect(states.indexOf('dead')).toBe(53);
  });

  test('does not move the time of a whole message back for a part of the next one', () => {
    expect(activitySince(activityAt(700), 500, config)).toEqual(activityAt(700));
  });

  test('counts a check as late only by what exceeds its interval', () => {
    expect(lateness(1000, 2000, 1000)).toBe(0);
    expect(lateness(1000, 1900, 1000)).toBe(0);
    expect(lateness(1000, 11_500, 1000)).toBe(9500);
  });

  test('does not hold the time against a peer in which this process was stopped', () => {
    const late = lateness(1000, 31_000, 1000);
    const woken = checkPeer(activityAt(500), 31_000, late, config);
    expect(woken.state).toBe('alive');
    // But from then on time counts again.
    expect(checkPeer(woken.activity, 34_400, 0, config).state).toBe('suspect');
    expect(checkPeer(woken.activity, 34_500, 0, config).state).toBe('dead');
  });

  test('gives no credit for a stall to a peer that sent something after it', () => {
    const late = lateness(1000, 31_000, 1000);
    const { activity } = checkPeer(activityAt(30_999), 31_000, late, config);
    expect(checkPeer(activity, 36_000, 0, config).state).toBe('dead');
  });
});
