import { randomBytes } from 'node:crypto';
import { deepFreeze } from '../../streams/deep-freeze.js';
import { AsyncContext } from '../async-context.js';
import { Bus } from '../bus/event-bus.js';
import { type Clock, systemClock } from '../clock.js';
import { CostMeter } from '../observer/observer-cost.js';
import { Deadlines } from '../process/deadlines.js';
import { ProcessTable } from '../process/process-table.js';
import { Sampler } from '../process/sampler.js';
import { Scheduler } from '../process/scheduler.js';
import { NameTable } from '../registry/registry.js';
import { clockInContext } from './clock-in-context.js';
import { isReported, REPORTED } from './event-reporter.js';
import { Flusher } from './flusher.js';
import { createReporting, guarded, type Reporting } from './reporter-setup.js';
import type { RuntimeSettings } from './runtime-options.js';

/** The parts of a runtime that its facades share. */
export interface RuntimeCore {
  readonly context: AsyncContext;
  readonly clock: Clock;
  readonly reporting: Reporting;
  readonly bus: Bus;
  readonly scheduler: Scheduler;
  readonly meter: CostMeter;
  readonly deadlines: Deadlines;
  readonly names: NameTable;
  readonly processes: ProcessTable;
  readonly flusher: Flusher;
  /** 96 random bits that identify this runtime. `life` is part of each ref, so refs of two runtimes are never equal. */
  readonly life: string;
  /**
   * Emits an event on the bus, and requests a flush at the end of this event loop turn. A flush requests no other one.
   */
  readonly emit: Bus['emit'];
  onError(error: unknown): void;
}

/** @param nodeId returns the id of this node, for reports; `undefined` while its cluster is not running */
export function createRuntimeCore(settings: RuntimeSettings, nodeId: () => string | undefined): RuntimeCore {
  const { budget, flushIntervalMs, isObserved, loopBlockedMs, onRootExit, reporter } = settings;
  const context = new AsyncContext();
  const givenClock = settings.clock ?? systemClock;
  const clock = clockInContext(context, givenClock);
  const reporting = createReporting({ reporter, onRootExit, clock, nodeId });
  const onError = guarded(settings.onError ?? reporting.problem, reporting.problem);
  const deliver = (listeners: () => void): void => context.run(() => processes.outside(listeners));
  const bus = new Bus({ clock, deliver, freeze: deepFreeze, onError });
  if (reporting.isActive) bus.subscribeTo(REPORTED, reporting.handle, isReported);
  const scheduler = new Scheduler({
    context,
    preciseNow: systemClock.monotonic,
    // Blocking is measured in real time, which means nothing in a test with a simulated clock.
    loopBlockedMs: isObserved && givenClock === systemClock ? loopBlockedMs : Number.POSITIVE_INFINITY,
  });
  const sampler = new Sampler(isObserved);
  const meter = new CostMeter(() => clock.monotonic());
  const deadlines = new Deadlines(clock);
  const names = new NameTable();
  const emit: Bus['emit'] = (event) => {
    if (!flusher.isReporting) scheduler.touch();
    bus.emit(event);
  };
  const life = randomBytes(12).toString('base64url');
  const processes = new ProcessTable({ life, clock, scheduler, sampler, loopBlockedMs, names, context, emit, onError });
  const flusher = new Flusher({
    clock,
    intervalMs: flushIntervalMs,
    budget,
    spentMs: () => meter.spentMs,
    dirtyCount: () => processes.dirtyCount,
    report: (most) => bus.atOneMoment(() => processes.report(most)),
    eventCount: () => bus.count,
    run: (work) => context.run(() => meter.measured(work)),
  });
  flusher.onFlushed(({ events, isLast }) => {
    meter.recordEvents(events);
    if (isLast) sampler.flushed();
  });
  scheduler.onEndOfTurn(() => {
    deadlines.endTurn();
    sampler.endTurn();
    flusher.requestFlush();
  });
  return {
    context,
    clock,
    reporting,
    bus,
    scheduler,
    meter,
    deadlines,
    names,
    processes,
    flusher,
    life,
    emit,
    onError,
  };
}
