// The events: everything that can happen to a process, as plain data. No live reference, function or Error object is in any
// of them, so that a recorded run can be stored, sent and replayed.

import type { ReportedCountName, ServerCounts } from './server-fields.js';

type ReportedCounts = Pick<ServerCounts, ReportedCountName>;

export type ProcessKind = 'genserver' | 'supervisor';

export type SupervisorStrategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';

/** An error as data. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Stable code, where the error had one. */
  readonly code?: string | number;
  /** The error underneath; a cause that is not an error is shown as text. At most five deep. */
  readonly cause?: SerializedError;
  /** The errors of an AggregateError, at most ten of them. */
  readonly errors?: readonly SerializedError[];
}

/** Why a process ended, as data. `killed`: it was ended without being asked, having not answered in time. */
export type SerializedExitReason = 'normal' | 'shutdown' | 'killed' | { readonly error: SerializedError };

interface Stamped {
  /** Position in the history of its runtime: 1, 2, 3 ... without gaps. */
  readonly seq: number;
  /** When it happened, ms since the epoch. It steps when the machine's clock is set. */
  readonly at: number;
  /** The same moment on the monotonic clock of its runtime, ms: durations are differences of this. */
  readonly monotonic: number;
}

/** Where a process stands at that moment. */
export interface ProcessLocation {
  /** Its registered name, where it has one. */
  readonly name?: string;
  /** Its supervisor. Absent, with the fields below: it has none, or its start is not through yet. */
  readonly supervisorId?: string;
  /** The registered name of the supervisor, where it has one. */
  readonly supervisorName?: string;
  /** The id in the child spec. */
  readonly childId?: string;
  /** The registered name or id of the supervisor at the root, then the child ids down to this process. */
  readonly path?: readonly string[];
}

/** A process exists; `init` begins. */
export interface ProcessSpawned extends Stamped {
  readonly type: 'process_spawned';
  readonly id: string;
  readonly kind: ProcessKind;
  /** The label that its start was given. */
  readonly label?: string;
  /** Supervisors only. */
  readonly strategy?: SupervisorStrategy;
}

/** `init` has completed; the process handles messages from now on. */
export interface ProcessStarted extends Stamped {
  readonly type: 'process_started';
  readonly id: string;
  readonly kind: ProcessKind;
  /** Supervisors only. */
  readonly strategy?: SupervisorStrategy;
}

/** The process was asked to stop, or crashed, and is on its way out. */
export interface ProcessStopping extends Stamped {
  readonly type: 'process_stopping';
  readonly id: string;
}

/**
 * What a process did since its last such event, however many messages there were. The numbers are zero when only the queue
 * grew; a count is absent where it is zero.
 */
export interface MessagesHandled extends Stamped, ReportedCounts {
  readonly type: 'messages_handled';
  readonly id: string;
  readonly calls: number;
  readonly casts: number;
  readonly infos: number;
  /** Messages waiting in the mailbox after these. */
  readonly queueSize: number;
  /**
   * Of those messages that were measured, three numbers each: time in the mailbox and time in the handler, in whole us,
   * and for how many messages this one stands; 0: it only shows the longest. Absent: none was.
   */
  readonly samples?: readonly number[];
}

/** One run of a handler, up to the first thing it awaited, held the event loop for too long. */
export interface LoopBlocked extends Stamped {
  readonly type: 'loop_blocked';
  readonly id: string;
  /** Its name, where it has one. */
  readonly name?: string;
  /**
   * The `type` of the message where it has one, else its class or primitive type. Absent: in a flood of fast messages not
   * each is timed, and it was one of several that this process handled in a row.
   */
  readonly messageType?: string;
  /** For how long. */
  readonly ms: number;
}

/** A handler, `init` or `terminate` threw. The exit follows. */
export interface ProcessCrashed extends Stamped, ProcessLocation {
  readonly type: 'process_crashed';
  readonly id: string;
  readonly kind: ProcessKind;
  readonly error: SerializedError;
  /** What threw, unless it was a handler. */
  readonly during?: 'init' | 'terminate';
}

/** A process did not stop in the time it had, and was killed. */
export interface StopTimedOut extends Stamped, ProcessLocation {
  readonly type: 'stop_timed_out';
  readonly id: string;
  readonly kind: ProcessKind;
  readonly timeoutMs: number;
}

/** The process is gone. */
export interface ProcessExited extends Stamped {
  readonly type: 'process_exited';
  readonly id: string;
  readonly kind: ProcessKind;
  /** The name that it had when it ended. */
  readonly name?: string;
  readonly reason: SerializedExitReason;
  /** Messages that were still in the mailbox; callers among their senders were rejected. */
  readonly unhandled: number;
}

/** A process became the child of a supervisor. */
export interface ChildStarted extends Stamped {
  readonly type: 'child_started';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  /** The id of the process. */
  readonly id: string;
}

/** A supervisor replaced a child that had ended. */
export interface ChildRestarted extends Stamped {
  readonly type: 'child_restarted';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  readonly oldId: string;
  readonly newId: string;
  /** Of the new process. */
  readonly kind: ProcessKind;
  /** How often this child has been restarted by now. */
  readonly attempt: number;
}

/**
 * A child crashed, ended so that it is started again, or could not be started; its supervisor decided what follows, and acts
 * after that. Each crash of a child is followed by one of these, or by the exit of its supervisor.
 */
export interface ChildDown extends Stamped {
  readonly type: 'child_down';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  /** The process that was last in the place of this child. */
  readonly oldId: string;
  /**
   * `restart`: it is started again, with its siblings where the strategy says so; `give_up`: that would be one restart too
   * many; `stay_down`: its spec says that it is not started again; `shutdown`: neither, and the supervisor ends with it, as
   * it is significant; `stopped`: it crashed while its supervisor was stopping it.
   */
  readonly next: 'restart' | 'give_up' | 'stay_down' | 'shutdown' | 'stopped';
  /** From the child spec. */
  readonly restart: 'permanent' | 'transient' | 'temporary';
  /** Restarts of this supervisor within the last `withinMs`, this one included. */
  readonly restarts: number;
  readonly maxRestarts: number;
  readonly withinMs: number;
}

/** A supervisor tried to start a child again, and its start failed. It tries again, within its restart intensity. */
export interface ChildRestartFailed extends Stamped {
  readonly type: 'child_restart_failed';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  /** The process that was last in the place of this child. */
  readonly oldId: string;
  /** What the start threw. */
  readonly error: SerializedError;
  /** How many starts in a row have failed by now: 1, 2, 3 ... */
  readonly attempt: number;
}

/** A child ended once more than the restart intensity allows. The supervisor stops its children and exits with `shutdown`. */
export interface SupervisorGaveUp extends Stamped, Omit<ProcessLocation, 'childId'> {
  readonly type: 'supervisor_gave_up';
  /** The supervisor. */
  readonly id: string;
  readonly maxRestarts: number;
  /** ms */
  readonly withinMs: number;
  /** The child that ended last; the id in the child spec. */
  readonly childId: string;
  /** Why that child ended, or could not be started again. */
  readonly error: SerializedError;
}

export interface NameRegistered extends Stamped {
  readonly type: 'name_registered';
  readonly name: string;
  readonly id: string;
}

export interface NameUnregistered extends Stamped {
  readonly type: 'name_unregistered';
  readonly name: string;
  readonly id: string;
}

/** One message of a traced process. Not part of any snapshot. */
export interface MessageTraced extends Stamped {
  readonly type: 'message';
  readonly id: string;
  readonly kind: 'call' | 'cast' | 'info';
  /** Time in the mailbox, ms; for a message that came before the trace began, since then. */
  readonly waitMs: number;
  /** Time in the handler, ms, what it awaited included. */
  readonly handleMs: number;
  readonly outcome: 'ok' | 'crashed';
  /** The `type` of the message where it has one, else its class or primitive type. Never its content. */
  readonly messageType: string;
  /** The process that sent it, by a handler of its own or by its context. Absent: it came from outside of all processes. */
  readonly from?: MessageSender;
}

export interface MessageSender {
  readonly id: string;
  /** Absent: a process of the same node. */
  readonly nodeId?: string;
}

export type RuntimeEvent =
  | ProcessSpawned
  | ProcessStarted
  | ProcessStopping
  | MessagesHandled
  | LoopBlocked
  | ProcessCrashed
  | StopTimedOut
  | ProcessExited
  | ChildStarted
  | ChildRestarted
  | ChildDown
  | ChildRestartFailed
  | SupervisorGaveUp
  | NameRegistered
  | NameUnregistered
  | MessageTraced;

type WithoutStamp<Event> = Event extends RuntimeEvent ? Omit<Event, keyof Stamped> : never;

/** A {@link RuntimeEvent} before the bus has given it its place and time. */
export type UnstampedEvent = WithoutStamp<RuntimeEvent>;
