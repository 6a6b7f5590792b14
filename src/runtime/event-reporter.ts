import type {
  ChildDown,
  ChildRestartFailed,
  ProcessCrashed,
  ProcessExited,
  ProcessLocation,
  RuntimeEvent,
  StopTimedOut,
  SupervisorGaveUp,
  UnstampedEvent,
} from '../../streams/events.js';
import type { Clock, Timer } from '../clock.js';
import {
  crashLine,
  crashReport,
  decisionReport,
  gaveUpReport,
  NEXT,
  nextOf,
  overdueReport,
  problemReport,
  restartFailedReport,
  summaryReport,
  type ThrottledReport,
} from './problem-reports.js';
import type { Report, Reporter } from './reporter.js';
import { ReportThrottle } from './reporter-throttle.js';

/**
 * How long a report waits for the end of its process and the decision of its supervisor, ms. Then it is written without
 * the missing details.
 */
const MAX_WAIT_MS = 1000;
/** The maximum number of recent crashes of children in the report of a supervisor that gives up. */
const LAST_CRASHES = 5;
/** The maximum number of entries in `#supervisors`, and in `#undecided`. */
const MAX_REMEMBERED = 1000;

/** The types of events that reports are made from. */
export const REPORTED = [
  'process_crashed',
  'process_exited',
  'child_down',
  'child_restart_failed',
  'supervisor_gave_up',
  'stop_timed_out',
] as const satisfies readonly RuntimeEvent['type'][];

export type ReportedEvent = Extract<RuntimeEvent, { readonly type: (typeof REPORTED)[number] }>;

/**
 * Whether reports need an event of a {@link REPORTED} type. They do not need exits of GenServers with reason `normal`
 * or `shutdown`, which are most of these events.
 */
export function isReported(event: UnstampedEvent): boolean {
  if (event.type !== 'process_exited' || event.kind === 'supervisor') return true;
  return event.reason !== 'normal' && event.reason !== 'shutdown';
}

interface EventReporterOptions {
  readonly clock: Clock;
  /** Writes the reports. Its methods must not throw. */
  readonly reporter: Reporter;
  /** The id of this node; `undefined` while its cluster is not running. */
  nodeId(): string | undefined;
  /**
   * Called when a root supervisor has given up and ended. Its report was written before, or counted by the throttle.
   */
  onRootGaveUp(): void;
}

/** A report that is not written yet, because its process has not ended or its supervisor has not decided. */
interface Pending {
  readonly key: string;
  /** Whether the report is about a process that exits. If false, the report is about a failed restart. */
  readonly isProcess: boolean;
  readonly supervisorId: string | undefined;
  /** The latest time to write the report, ms of the monotonic clock. */
  readonly dueAt: number;
  messagesLost?: number;
  terminateError?: ProcessCrashed['error'];
  make(pending: Pending, next: string): ThrottledReport;
}

/** What is remembered about a supervisor after crashes of its children. */
interface Remembered {
  readonly place: ProcessLocation;
  readonly crashes: string[];
}

/**
 * Makes reports from events. The report of a crash is written once the process has ended and its supervisor has decided
 * what happens next, so that one report has all details. A failed `init` is not reported, because the caller of `start`
 * receives the error.
 */
export class EventReporter {
  readonly #options: EventReporterOptions;
  readonly #throttle: ReportThrottle;
  /** Reports that are not written yet, oldest first, by process id. For a failed restart, by {@link restartKey}. */
  readonly #pending = new Map<string, Pending>();
  /** Supervisors whose children crashed or failed to restart, by id. */
  readonly #supervisors = new Map<string, Remembered>();
  /** The ids of root supervisors that gave up and have not ended yet. */
  readonly #gaveUpRoots = new Set<string>();
  /** Processes that did not stop in time, and are killed next. Their reports wait for the number of lost messages. */
  readonly #overdue = new Map<string, StopTimedOut>();
  /** The ids of processes whose report was written before a decision of a supervisor was known. */
  readonly #undecided = new Set<string>();
  #timer: Timer | undefined;

  constructor(options: EventReporterOptions) {
    this.#options = options;
    const { clock } = options;
    this.#throttle = new ReportThrottle(clock, (summary) => this.#write(summaryReport(summary, clock.now())));
  }

  handle(event: ReportedEvent): void {
    switch (event.type) {
      case 'process_crashed':
        this.#crashed(event);
        break;
      case 'process_exited':
        this.#exited(event);
        break;
      case 'child_down':
        this.#decided(event);
        break;
      case 'child_restart_failed':
        this.#restartFailed(event);
        break;
      case 'supervisor_gave_up':
        this.#gaveUp(event);
        break;
      case 'stop_timed_out':
        this.#overdue.set(event.id, event);
        break;
    }
  }

  /** Reports an error that is not returned to any caller. */
  problem(thrown: unknown): void {
    this.#report(problemReport(thrown, this.#options.clock.now()));
  }

  /** Writes all pending reports and summaries now. The reports say that the runtime shuts down. */
  flush(): void {
    for (const pending of this.#pending.values()) this.#finish(pending, NEXT.shutdown);
    this.#throttle.flush();
  }

  #crashed(event: ProcessCrashed): void {
    if (event.during === 'init') return;
    const { id, supervisorId } = event;
    const earlier = this.#pending.get(id);
    if (earlier !== undefined) {
      if (event.during === 'terminate') earlier.terminateError = event.error;
      return;
    }
    if (supervisorId !== undefined) this.#remember(supervisorId, event);
    const isDistributed = event.distributedSupervisor !== undefined;
    this.#wait(id, supervisorId, ({ messagesLost, terminateError }, decided) => {
      const next = isDistributed && decided === NEXT.noSupervisor ? NEXT.distributed : decided;
      return crashReport(event, { next, messagesLost, terminateError });
    });
  }

  #exited({ id, kind, unhandled }: ProcessExited): void {
    if (kind === 'supervisor') {
      for (const pending of this.#pending.values()) {
        if (pending.supervisorId === id) this.#finish(pending, NEXT.supervisorEnded);
      }
      this.#supervisors.delete(id);
    }
    const overdue = this.#overdue.get(id);
    if (overdue !== undefined) {
      this.#overdue.delete(id);
      this.#report(overdueReport(overdue, unhandled));
    }
    const own = this.#pending.get(id);
    if (own !== undefined) {
      own.messagesLost = unhandled;
      if (own.supervisorId === undefined) {
        this.#finish(own, this.#gaveUpRoots.has(id) ? NEXT.rootGone : NEXT.noSupervisor);
        remember(this.#undecided, id);
      }
    }
    if (this.#gaveUpRoots.delete(id)) this.#options.onRootGaveUp();
  }

  #decided(event: ChildDown): void {
    const waiting = [this.#pending.get(event.oldId), this.#pending.get(restartKey(event))];
    for (const pending of waiting) if (pending !== undefined) this.#finish(pending, nextOf(event));
    if (this.#undecided.delete(event.oldId)) this.#report(decisionReport(event));
  }

  #restartFailed(event: ChildRestartFailed): void {
    const { supervisorId } = event;
    const { place } = this.#remember(supervisorId, event);
    const key = restartKey(event);
    const earlier = this.#pending.get(key);
    if (earlier !== undefined) this.#finish(earlier, NEXT.undecided);
    this.#wait(key, supervisorId, (_pending, next) => restartFailedReport(event, next, place), false);
  }

  #gaveUp(event: SupervisorGaveUp): void {
    const { id, supervisorId } = event;
    const crashes = [...(this.#supervisors.get(id)?.crashes ?? [])];
    if (supervisorId === undefined) this.#gaveUpRoots.add(id);
    this.#wait(id, supervisorId, (_pending, next) => gaveUpReport(event, next, crashes));
  }

  #remember(supervisorId: string, event: ProcessCrashed | ChildRestartFailed): Remembered {
    const known = this.#supervisors.get(supervisorId);
    const remembered = known ?? { place: supervisorPlace(event), crashes: [] };
    if (known === undefined) {
      const [oldest] = this.#supervisors.keys();
      if (this.#supervisors.size >= MAX_REMEMBERED && oldest !== undefined) this.#supervisors.delete(oldest);
      this.#supervisors.set(supervisorId, remembered);
    }
    remembered.crashes.push(crashLine(event));
    if (remembered.crashes.length > LAST_CRASHES) remembered.crashes.shift();
    return remembered;
  }

  #wait(key: string, supervisorId: string | undefined, make: Pending['make'], isProcess = true): void {
    const dueAt = this.#options.clock.monotonic() + MAX_WAIT_MS;
    this.#pending.set(key, { key, isProcess, supervisorId, dueAt, make });
    this.#schedule();
  }

  #finish(pending: Pending, next: string): void {
    this.#pending.delete(pending.key);
    if (this.#pending.size === 0) this.#cancel();
    this.#report(pending.make(pending, next));
  }

  #schedule(): void {
    const [oldest] = this.#pending.values();
    if (this.#timer !== undefined || oldest === undefined) return;
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(() => this.#giveUpWaiting(), Math.max(0, oldest.dueAt - clock.monotonic()));
    this.#timer.unref();
  }

  #giveUpWaiting(): void {
    this.#timer = undefined;
    const now = this.#options.clock.monotonic();
    for (const pending of this.#pending.values()) {
      if (pending.dueAt > now) break;
      if (pending.isProcess) remember(this.#undecided, pending.key);
      const isCleaningUp = pending.isProcess && pending.messagesLost === undefined;
      this.#finish(pending, isCleaningUp ? NEXT.cleaningUp : NEXT.undecided);
    }
    this.#schedule();
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #report({ report, subject }: ThrottledReport): void {
    if (this.#throttle.admits(subject)) this.#write(report);
  }

  #write({ level, fields, text }: Report): void {
    const nodeId = this.#options.nodeId();
    this.#options.reporter[level](nodeId === undefined ? fields : { ...fields, nodeId }, text);
  }
}

function restartKey({ supervisorId, childId }: { readonly supervisorId: string; readonly childId: string }): string {
  return `${supervisorId}/${childId}`;
}

/** The location of a supervisor, read from the crash of one of its children. Empty for a failed restart. */
function supervisorPlace(event: ProcessCrashed | ChildRestartFailed): ProcessLocation {
  const { supervisorId } = event;
  if (supervisorId === undefined || event.type !== 'process_crashed') return {};
  const { supervisorName, path = [] } = event;
  return { supervisorId, ...(supervisorName !== undefined && { supervisorName }), path: path.slice(0, -1) };
}

function remember(ids: Set<string>, id: string): void {
  const [oldest] = ids;
  if (ids.size >= MAX_REMEMBERED && oldest !== undefined) ids.delete(oldest);
  ids.add(id);
}
