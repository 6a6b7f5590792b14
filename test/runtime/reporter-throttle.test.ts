import { fc, test as property } from '@fast-check/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { ReportThrottle, type Subject, type Summary } from '../../src/runtime/reporter-throttle.js';
import { CountingClock } from '../helpers/test-runtime.js';

const crash = (own: string, group = 'shop', last = 'Error: boom'): Subject => ({
  verb: 'crashed',
  level: 'error',
  own,
  group,
  last,
});

describe('crash loops', () => {
  let clock = new CountingClock();
  let summaries: Summary[] = [];
  let throttle = new ReportThrottle(clock, (summary) => summaries.push(summary));

  beforeEach(() => {
    clock = new CountingClock();
    summaries = [];
    throttle = new ReportThrottle(clock, (summary) => summaries.push(summary));
  });

  const admitted = (count: number, subject: (at: number) => Subject): number =>
    Array.from({ length: count }, (_, at) => throttle.admits(subject(at))).filter(Boolean).length;

  test('are five full reports, then one summary per interval', () => {
    expect(admitted(53, (at) => crash('db', 'shop', `Error: ${at}`))).toBe(5);
    clock.advance(9999);
    expect(summaries).toEqual([]);
    clock.advance(1);
    expect(summaries).toEqual([
      { subject: 'db', verb: 'crashed', level: 'error', count: 48, withinMs: 10_000, last: 'Error: 52' },
    ]);
  });

  test('stay summaries while they go on, and are reported in full again after a quiet interval', () => {
    admitted(6, () => crash('db'));
    clock.advance(10_000);
    expect(admitted(3, () => crash('db'))).toBe(0);
    clock.advance(10_000);
    expect(summaries.map(({ count }) => count)).toEqual([1, 3]);
    clock.advance(10_000);
    expect(admitted(3, () => crash('db'))).toBe(3);
    expect(summaries).toHaveLength(2);
  });

  test('are none when reports come slowly', () => {
    for (let at = 0; at < 50; at += 1) {
      expect(throttle.admits(crash('db'))).toBe(true);
      clock.advance(2500);
    }
    expect(summaries).toEqual([]);
  });

  test('do not hide what happens to others', () => {
    admitted(1000, () => crash('db'));
    expect(throttle.admits(crash('cache'))).toBe(true);
    expect(throttle.admits({ ...crash('db'), verb: 'gave up' })).toBe(true);
  });

  test('of many children of one supervisor are counted together', () => {
    expect(admitted(5000, (at) => crash(`session ${at}`))).toBe(20);
    expect(throttle.admits(crash('db', 'other'))).toBe(true);
    clock.advance(10_000);
    expect(summaries).toMatchObject([{ subject: 'shop', count: 4980 }]);
  });

  test('of very many supervisors are counted together, in bounded memory', () => {
    expect(admitted(20_000, (at) => crash(`db ${at}`, `shop ${at}`))).toBe(100);
    clock.advance(10_000);
    expect(summaries).toMatchObject([{ subject: 'other processes', count: 19_900 }]);
  });

  test('are summarised at once when the runtime shuts down, and leave no timer', () => {
    admitted(8, () => crash('db'));
    clock.advance(400);
    throttle.flush();
    expect(summaries).toMatchObject([{ count: 3, withinMs: 400 }]);
    expect(clock.pending).toBe(0);
    clock.advance(100_000);
    expect(summaries).toHaveLength(1);
  });

  test('end with no timer', () => {
    admitted(8, () => crash('db'));
    clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });

  property.prop([fc.array(fc.record({ own: fc.nat(40), group: fc.nat(5), wait: fc.nat(4000) }), { maxLength: 400 })])(
    'are never lost: each report is written in full or part of one summary',
    (reports) => {
      const ownClock = new CountingClock();
      let counted = 0;
      const own = new ReportThrottle(ownClock, ({ count }) => {
        counted += count;
      });
      let full = 0;
      for (const { own: child, group, wait } of reports) {
        if (own.admits(crash(String(child), `group ${group}`))) full += 1;
        ownClock.advance(wait);
      }
      own.flush();
      expect(full + counted).toBe(reports.length);
      expect(ownClock.pending).toBe(0);
    },
  );
});
