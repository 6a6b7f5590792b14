import { beforeEach, describe, expect, test } from 'vitest';
import { nodeVitals, Vitals } from '../../src/runtime/node-vitals.js';

describe('the vitals of a Node process', () => {
  const figures = { uptimeMs: 0, cpuMs: 0, active: 0, idle: 0, delayNs: 0 };
  let monitor: string[] = [];
  let vitals = new Vitals();

  beforeEach(() => {
    Object.assign(figures, { uptimeMs: 0, cpuMs: 0, active: 0, idle: 0, delayNs: 0 });
    monitor = [];
    vitals = new Vitals({
      uptimeMs: () => figures.uptimeMs,
      cpuMs: () => figures.cpuMs,
      utilization: () => ({ active: figures.active, idle: figures.idle }),
      monitorDelay: () => ({
        enable: () => monitor.push('enable') > 0,
        disable: () => monitor.push('disable') > 0,
        reset: () => void monitor.push('reset'),
        percentile: (p) => figures.delayNs * p,
      }),
    });
  });

  test('cover at first the time since its start', () => {
    Object.assign(figures, { uptimeMs: 4000, cpuMs: 1000, active: 500, idle: 1500 });
    expect(vitals.read()).toEqual({
      eventLoopUtilization: 0.25,
      eventLoopDelay: { p50: 0, p99: 0 },
      cpu: 0.25,
      uptimeMs: 4000,
    });
  });

  test('cover then the time since the last reading, at least a second', () => {
    Object.assign(figures, { uptimeMs: 4000, cpuMs: 1000, active: 500, idle: 1500 });
    vitals.read();
    Object.assign(figures, { uptimeMs: 4999, cpuMs: 3000, active: 2000 });
    expect(vitals.read()).toMatchObject({ cpu: 0.25, eventLoopUtilization: 0.25, uptimeMs: 4999 });
    Object.assign(figures, { uptimeMs: 6000, cpuMs: 5000, active: 2000, idle: 2000, delayNs: 1e6 });
    expect(vitals.read()).toMatchObject({
      cpu: 2,
      eventLoopUtilization: 0.75,
      // A timer of 20 ms that fires after 50 is 30 late.
      eventLoopDelay: { p50: 30, p99: 79 },
    });
  });

  test('never have a delay below zero', () => {
    vitals.read();
    Object.assign(figures, { uptimeMs: 1000, delayNs: 100 });
    expect(vitals.read().eventLoopDelay).toEqual({ p50: 0, p99: 0 });
  });

  test('are measured from the first read on, and no more after the end', () => {
    expect(monitor).toEqual([]);
    vitals.read();
    vitals.read();
    expect(monitor).toEqual(['enable']);
    figures.uptimeMs = 1000;
    vitals.read();
    expect(monitor).toEqual(['enable', 'reset']);
    vitals.stop();
    expect(monitor).toEqual(['enable', 'reset', 'disable']);
  });

  test('are not begun to be measured after the end', () => {
    vitals.stop();
    vitals.read();
    expect(monitor).toEqual([]);
  });

  test('are those of this process', () => {
    const real = new Vitals(nodeVitals);
    const { eventLoopUtilization, cpu, uptimeMs } = real.read();
    real.stop();
    expect(eventLoopUtilization).toBeGreaterThanOrEqual(0);
    expect(eventLoopUtilization).toBeLessThanOrEqual(1);
    expect(cpu).toBeGreaterThan(0);
    expect(uptimeMs).toBeGreaterThan(0);
  });
});
