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
import { serializeError } from '../process/serialize.js';
import type { Report } from './reporter.js';
import { counted, errorHeadline, isoTime, seconds } from './reporter-format.js';
import type { Subject, Summary } from './reporter-throttle.js';

/** A report, with its subject: when there are many reports of one subject, they are counted instead of written. */
export interface Counted {
  readonly report: Report;
  readonly subject: Subject;
}

/** Facts about a crash that become known after it. */
export interface Aftermath {
  /** What follows, as text. */
  readonly next: string;
  /** Messages that were not handled; `undefined` while the process cleans up. */
  readonly messagesLost: number | undefined;
  /** What `terminate` threw after the crash. */
  readonly terminateError: SerializedError | undefined;
}

export const NEXT = {
  noSupervisor: 'no supervisor: the process is gone',
  rootGone: 'no supervisor above it: it ends with all its children',
  supervisorEnded: 'not restarted: its supervisor has ended',
  undecided: 'not decided yet: its supervisor is busy',
  cleaningUp: 'not decided yet: it is still cleaning up',
  shutdown: 'the runtime shuts down',
} as const;

/** What a supervisor does next about a child. */
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

export function crashReport(event: ProcessCrashed, { next, messagesLost, terminateError }: Aftermath): Counted {
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
  return counting({ level: 'error', fields, text }, 'crashed', event, errorHeadline(error));
}

/** `lastCrashes`: of its children, one line each. */
export function gaveUpReport(event: SupervisorGaveUp, next: string, lastCrashes: readonly string[]): Counted {
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

/** `supervisor`: what is known of it from crashes of its children. */
export function restartFailedReport(event: ChildRestartFailed, next: string, supervisor: ProcessLocation): Counted {
  const { supervisorId, childId, oldId, attempt, at, error } = event;
  const path = supervisor.path === undefined ? {} : { path: [...supervisor.path, childId] };
  const place: ProcessLocation = { ...supervisor, supervisorId, childId, ...path };
  const label = labelOf(supervisorId, 'supervisor', supervisor.supervisorName);
  const text = `child '${childId}' of ${label} could not be restarted (attempt ${attempt}): ${errorHeadline(error)}`;
  const fields = { event: event.type, at, ...placeFields(place), oldId, attempt, next, err: errField(error) };
  return counting({ level: 'error', fields, text }, 'could not be restarted', place, errorHeadline(error));
}

/** Of a crash that has been reported, before it was known what follows. */
export function decisionReport(event: ChildDown): Counted {
  const { oldId, supervisorId, childId, at } = event;
  const next = nextOf(event);
  const text = `process ${oldId}, reported before, was child '${childId}' of supervisor ${supervisorId}: ${next}`;
  const fields = { event: event.type, at, processId: oldId, childId, supervisorId, next };
  return counting({ level: 'error', fields, text }, 'was decided upon late', { childId, supervisorId }, next);
}

export function overdueReport(event: StopTimedOut, messagesLost: number): Counted {
  const { id, kind, at, timeoutMs } = event;
  const text = `${labelOf(id, kind, event.name)} did not stop within ${seconds(timeoutMs)} and was killed`;
  const fields = { event: event.type, at, processId: id, kind, ...placeFields(event), timeoutMs, messagesLost };
  return counting({ level: 'warn', fields, text }, 'did not stop in time', event, text);
}

/** Of an error that no caller waits for. */
export function problemReport(thrown: unknown, at: number): Counted {
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

/** A crash of a child in one line, for the report of its supervisor. */
export function crashLine(event: ProcessCrashed | ChildRestartFailed): string {
  const what =
    event.type === 'process_crashed' ? `'${event.childId}' (${event.id}) crashed` : `'${event.childId}' did not start`;
  return `${isoTime(event.at)} ${what}: ${errorHeadline(event.error)}`;
}

/** Without a prototype: pino would print the name of its class, `Object`, as the type of the error. */
function errField(error: SerializedError): SerializedError {
  return Object.assign(Object.create(null), error);
}

function labelOf(id: string, kind: string, name: string | undefined): string {
  return processLabel(id, name, kind === 'supervisor' ? 'supervisor' : 'process');
}

function placeFields({ name, supervisorId, supervisorName, childId, path }: ProcessLocation): object {
  return {
    ...(name !== undefined && { name }),
    ...(childId !== undefined && { childId }),
    ...(supervisorId !== undefined && { supervisorId }),
    ...(supervisorName !== undefined && { supervisorName }),
    ...(path !== undefined && { path: path.join('/') }),
  };
}

function counting(report: Report, verb: string, place: ProcessLocation, last: string): Counted {
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

/** By its path, which outlives its restarts. */
function supervisorOf({ path, supervisorName, supervisorId }: ProcessLocation): string {
  return path?.slice(0, -1).join('/') ?? supervisorName ?? supervisorId ?? '';
}
