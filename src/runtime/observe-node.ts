import type { NodeLinks } from '../../streams/node-links.js';
import { schedulerOf } from '../../streams/rx-scheduler.js';
import { CallingSelfError } from '../errors.js';
import { createObserver, type LocalObserver } from '../observer/observer.js';
import type { ProcessRef } from '../process/process-refs.js';
import { checkReason } from '../process/termination-reason.js';
import type { Vitals } from './node-vitals.js';
import type { RuntimeCore } from './runtime-core.js';

/** `Observer.stopProcess` kills a GenServer that has not stopped after this time, ms. */
const STOP_MS = 5000;

/** Makes the Observer of this runtime. */
export function observeNode(
  core: RuntimeCore,
  vitals: Vitals,
  linksOfNode: () => NodeLinks | undefined,
): LocalObserver {
  const { bus, clock, flusher, meter, onError, processes } = core;
  // An id without a life refers to a process of this runtime.
  const refTo = (target: string | ProcessRef): ProcessRef =>
    typeof target === 'string' ? processes.refOf(target) : target;

  return createObserver({
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    scheduler: schedulerOf(clock),
    delivered: { subscribe: (listener) => bus.subscribe(listener) },
    recorded: { subscribe: (listener) => bus.record(listener) },
    batches: { subscribe: (listener) => flusher.onFlushed(listener) },
    flushNow: () => flusher.flushNow(),
    flushSoon: (ready) => flusher.flushSoon(ready),
    memoryUsage() {
      const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
      return { heapUsed, heapTotal, external, rss };
    },
    vitals() {
      const links = linksOfNode();
      const figures = { ...vitals.read(), flushIntervalMs: flusher.intervalMs };
      return links === undefined ? figures : { ...figures, links };
    },
    meter,
    async stopProcess(target, reason) {
      checkReason(reason);
      const stopped = processes.running(refTo(target));
      if (stopped.isCurrent) throw new CallingSelfError(stopped.id, 'stop', stopped);
      // The stop of a supervisor has no limit here, because its child specs limit the time of each child.
      await stopped.stop(reason, stopped.kind === 'genserver' ? STOP_MS : undefined);
    },
    trace: (target) => processes.running(refTo(target)).trace(),
    onError,
  });
}
