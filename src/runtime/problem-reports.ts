import type {
  ChildDown,
  ChildRestartFailed,
  ProcessCrashed,
  ProcessLocation,
  SerializedError,
  StopTimedOut,
  SupervisorGaveUp,
} from '../../streams/events.js';
import { processLabel } from '../errors.js';
import { serializeError } from '../process/serialize-error.js';
import { counted, errorHeadline, isoTime, seconds } from './report-format.js';
import type { Report } from './reporter.js';
import type { Subject, Summary } from './reporter-throttle.js';

/**
 * A report with its subject. Of many reports about a subject, the throttle admits the first few and counts the others.
 */
export interface ThrottledReport {
  readonly report: Report;
  readonly subject: Subject;
}

/** Details of a report that become known only after the crash. */
export interface CrashOutcome {
  /** What happens next, as text, such as `restarting, 1 of 3 restarts within 5 s`. */
  readonly next: string;
  /** The number of messages left in the mailbox. `undefined` if the process has not ended yet. */
  readonly messagesLost: number | undefined;
  /** The error that `terminate` threw after the crash; `undefined` if it did not throw. */
  readonly terminateError: SerializedError | undefined;
}

/** The values of {@link CrashOutcome.next} for cases without a `child_down` event. */
export const NEXT = {
  noSupervisor: 'no supervisor: the process is gone',
  distributed: 'the leader of its distributed supervisor decides',
  rootGone: 'no supervisor above it: it ends with all its children',
  supervisorEnded: 'not restarted: its supervisor has ended',
  undecided: 'not decided yet: its supervisor is busy',
  cleaningUp: 'not decided yet: it is still cleaning up',
  shutdown: 'the runtime shuts down',
} as const;

/** Says as text what a supervisor does next about a child. */
export function nextOf({ next, restart, restarts, maxRestarts, withinMs }: ChildDown): string {
  const within = `within ${seconds(withinMs)}`;
  switch (next) {
    case 'restart':
      return `restarting, ${restarts} of ${counted(maxRestarts, 'restart')} ${within}`;
    case 'give_up':
      return `its supervisor gives up: more than ${counted(maxRestarts, 'restart')} ${within}`;
    case 'stay_down':
      return `not restarted (${restart})`;
    case 'shutdown':
      return `not restarted (${restart}); its supervisor ends with it, as it is significant`;
    case 'stopped':
      return 'not restarted: its supervisor was stopping it';
  }
}

export function crashReport(
  event: ProcessCrashed,
  { next, messagesLost, terminateError }: CrashOutcome,
): ThrottledReport {
  const { id, kind, error, at, during } = event;
  const where = during === undefined ? '' : ` in ${during}`;
  const text = `${labelOf(id, kind, event.name)} crashed${where}: ${errorHeadline(error)}`;
  const fields = {
    event: event.type,
    at,
    processId: id,
    kind,
    ...placeFields(event),
    ...(during !== undefined && { during }),
    ...(messagesLost !== undefined && { messagesLost }),
    next,
    err: errField(error),
    ...(terminateError !== undefined && { terminateError }),
  };
  return throttled({ level: 'error', fields, text }, 'crashed', event, errorHeadline(error));
}

/** @param lastCrashes the latest crashes of children of the supervisor, one line each */
export function gaveUpReport(event: SupervisorGaveUp, next: string, lastCrashes: readonly string[]): ThrottledReport {
  const { id, at, maxRestarts, withinMs, childId, error } = event;
  const limit = `more than ${counted(maxRestarts, 'restart')} within ${seconds(withinMs)}`;
  const text = `${labelOf(id, 'supervisor', event.name)} gave up: ${limit}, the last of its child '${childId}'`;
  const { childId: _failed, ...place } = event;
  const ownChildId = event.supervisorId === undefined ? undefined : event.path?.at(-1);
  const own: ProcessLocation = { ...place, ...(ownChildId !== undefined && { childId: ownChildId }) };
  const fields = {
    event: event.type,
    at,
    processId: id,
    kind: 'supervisor',
    ...placeFields(own),
    failedChildId: childId,
    maxRestarts,
    withinMs,
    lastCrashes,
    next,
    err: errField(error),
  };
  const subject: Subject = {
    verb: 'gave up',
    level: 'error',
    own: `supervisor ${event.path?.join('/') ?? event.name ?? id}`,
    group: groupOf(own),
    last: errorHeadline(error),
  };
  return { report: { level: 'error', fields, text }, subject };
}

/** @param supervisor the location of the supervisor, as far as it is known from crashes of its children */
export function restartFailedReport(
  event: ChildRestartFailed,
  next: string,
  supervisor: ProcessLocation,
): ThrottledReport {
  const { supervisorId, childId, oldId, attempt, at, error } = event;
  const path = supervisor.path === undefined ? {} : { path: [...supervisor.path, childId] };
  const place: ProcessLocation = { ...supervisor, supervisorId, childId, ...path };
  const label = labelOf(supervisorId, 'supervisor', supervisor.supervisorName);
  const text = `child '${childId}' of ${label} could not be restarted (attempt ${attempt}): ${errorHeadline(error)}`;
  const fields = { event: event.type, at, ...placeFields(place), oldId, attempt, next, err: errField(error) };
  return throttled({ level: 'error', fields, text }, 'could not be restarted', place, errorHeadline(error));
}

/** A second report about a crash: the first one was written before the supervisor decided what happens next. */
export function decisionReport(event: ChildDown): ThrottledReport {
  const { oldId, supervisorId, childId, at } = event;
  const next = nextOf(event);
  const text = `process ${oldId}, reported before, was child '${childId}' of supervisor ${supervisorId}: ${next}`;
  const fields = { event: event.type, at, processId: oldId, childId, supervisorId, next };
  return throttled({ level: 'error', fields, text }, 'was decided upon late', { childId, supervisorId }, next);
}

export function overdueReport(event: StopTimedOut, messagesLost: number): ThrottledReport {
  const { id, kind, at, timeoutMs } = event;
  const text = `${labelOf(id, kind, event.name)} did not stop within ${seconds(timeoutMs)} and was killed`;
  const fields = { event: event.type, at, processId: id, kind, ...placeFields(event), timeoutMs, messagesLost };
  return throttled({ level: 'warn', fields, text }, 'did not stop in time', event, text);
}

/** A report of an error that is not returned to any caller. */
export function problemReport(thrown: unknown, at: number): ThrottledReport {
  const err = serializeError(thrown);
  const text = errorHeadline(err);
  const own = err.code === undefined ? err.name : `${err.name} ${err.code}`;
  const subject: Subject = { verb: 'occurred', level: 'warn', own, group: 'errors', last: text };
  return { report: { level: 'warn', fields: { event: 'error', at, err: errField(err) }, text }, subject };
}

export function summaryReport({ subject, verb, level, count, withinMs, last }: Summary, at: number): Report {
  const text = `${subject} ${verb} ${counted(count, 'more time')} in ${seconds(withinMs)}, last: ${last}`;
  return { level, fields: { event: 'summary', at, subject, what: verb, count, withinMs, last }, text };
}

/** Describes a crash or a failed restart of a child in one line, for the report of a supervisor that gives up. */
export function crashLine(event: ProcessCrashed | ChildRestartFailed): string {
  const what =
    event.type === 'process_crashed' ? `'${event.childId}' (${event.id}) crashed` : `'${event.childId}' did not start`;
  return `${isoTime(event.at)} ${what}: ${errorHeadline(event.error)}`;
}

/** Copies an error to an object without a prototype. If it had a prototype, pino would print `Object` as its type. */
function errField(error: SerializedError): SerializedError {
  return Object.assign(Object.create(null), error);
}

function labelOf(id: string, kind: string, name: string | undefined): string {
  return processLabel(id, name, kind === 'supervisor' ? 'supervisor' : 'process');
}

function placeFields(place: ProcessLocation): object {
  const { name, supervisorId, supervisorName, childId, path, distributedSupervisor } = place;
  return {
    ...(name !== undefined && { name }),
    ...(childId !== undefined && { childId }),
    ...(supervisorId !== undefined && { supervisorId }),
    ...(supervisorName !== undefined && { supervisorName }),
    ...(path !== undefined && { path: path.join('/') }),
    ...(distributedSupervisor !== undefined && { distributedSupervisor }),
  };
}

function throttled(report: Report, verb: string, place: ProcessLocation, last: string): ThrottledReport {
  return { report, subject: { verb, level: report.level, own: ownOf(place), group: groupOf(place), last } };
}

function ownOf(place: ProcessLocation): string {
  const { name, childId } = place;
  if (childId !== undefined) return `child '${childId}' of supervisor ${supervisorOf(place)}`;
  return name === undefined ? 'processes without name and supervisor' : `process '${name}'`;
}

function groupOf(place: ProcessLocation): string {
  return place.childId === undefined ? 'processes without supervisor' : `children of supervisor ${supervisorOf(place)}`;
}

/**
 * Identifies the supervisor of a child by its path, which stays the same when the supervisor is restarted. Without a
 * path, identifies it by its name or id.
 */
function supervisorOf({ path, supervisorName, supervisorId, distributedSupervisor }: ProcessLocation): string {
  return path?.slice(0, -1).join('/') ?? supervisorName ?? supervisorId ?? distributedSupervisor ?? '';
}
