import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessVitals } from '../../streams/snapshot.js';

/** How often the delay of the event loop is sampled, ms. */
const RESOLUTION_MS = 20;
/** Each measurement, except the first, covers at least this time, ms. */
const WINDOW_MS = 1000;

/** The functions of Node.js that vitals are measured with. Tests replace them. */
export interface VitalsSource {
  /** Time since the Node.js process was started, ms. */
  uptimeMs(): number;
  /** CPU time used since the Node.js process was started, ms. */
  cpuMs(): number;
  /** Active and idle time of the event loop since the Node.js process was started, ms. */
  utilization(): Pick<EventLoopUtilization, 'active' | 'idle'>;
  /**
   * Creates a histogram of the intervals between timers that are due every `resolution` ms. Its values are in ns. An
   * interval without delay is `resolution` ms long.
   */
  monitorDelay(resolution: number): Pick<IntervalHistogram, 'enable' | 'disable' | 'reset' | 'percentile'>;
}

/** Captured when noex is loaded, so that the fake timers of a test have no effect. */
const eventLoopUtilization = performance.eventLoopUtilization.bind(performance);

export const nodeVitals: VitalsSource = {
  uptimeMs: () => process.uptime() * 1000,
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  utilization: () => eventLoopUtilization(),
  monitorDelay: (resolution) => monitorEventLoopDelay({ resolution }),
};

interface Reading {
  readonly uptimeMs: number;
  readonly cpuMs: number;
  readonly active: number;
  readonly idle: number;
}

/**
 * Measures the load and the event loop delay of this Node.js process. The delay is measured from the first `read` until
 * `stop`.
 */
export class Vitals {
  readonly #source: VitalsSource;
  #delay: ReturnType<VitalsSource['monitorDelay']> | undefined;
  #before: Reading = { uptimeMs: 0, cpuMs: 0, active: 0, idle: 0 };
  #latest: Omit<ProcessVitals, 'uptimeMs'> | undefined;
  #stopped = false;

  constructor(source: VitalsSource = nodeVitals) {
    this.#source = source;
  }

  /**
   * Measures the time since the previous measurement, and returns the vitals. If that measurement is less than a second
   * old, returns it again, with the current uptime. The first measurement covers the time since the Node.js process was
   * started, and has a delay of 0.
   */
  read(): ProcessVitals {
    const uptimeMs = this.#source.uptimeMs();
    if (this.#latest === undefined || uptimeMs - this.#before.uptimeMs >= WINDOW_MS)
      this.#latest = this.#measure(uptimeMs);
    return { ...this.#latest, uptimeMs: Math.round(uptimeMs) };
  }

  /** Stops measuring the event loop delay, and releases the timer of the measurement. */
  stop(): void {
    this.#stopped = true;
    this.#delay?.disable();
  }

  #measure(uptimeMs: number): Omit<ProcessVitals, 'uptimeMs'> {
    const { active, idle } = this.#source.utilization();
    const now: Reading = { uptimeMs, cpuMs: this.#source.cpuMs(), active, idle };
    const before = this.#before;
    this.#before = now;
    const loopMs = now.active - before.active + now.idle - before.idle;
    return {
      eventLoopUtilization: loopMs > 0 ? rounded((now.active - before.active) / loopMs) : 0,
      eventLoopDelay: this.#delays(),
      cpu: uptimeMs > before.uptimeMs ? rounded((now.cpuMs - before.cpuMs) / (uptimeMs - before.uptimeMs)) : 0,
    };
  }

  #delays(): ProcessVitals['eventLoopDelay'] {
    if (this.#delay === undefined) {
      if (!this.#stopped) {
        this.#delay = this.#source.monitorDelay(RESOLUTION_MS);
        this.#delay.enable();
      }
      return { p50: 0, p99: 0 };
    }
    const delay = this.#delay;
    const ms = (p: number): number => Math.max(0, rounded(delay.percentile(p) / 1e6 - RESOLUTION_MS));
    const delays = { p50: ms(50), p99: ms(99) };
    delay.reset();
    return delays;
  }
}

/** Rounds to three decimals, which keeps reports short. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
