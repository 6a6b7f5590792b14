// The events of a runtime, as plain data. No event holds a live reference, a function or an Error object, so a recorded
// run can be stored, sent and replayed.

import type { DistributedSupervisorEvent } from './distributed-supervisor-events.js';
import type { EventStamp } from './event-stamp.js';
import type {
  GlobalNameConflict,
  GlobalNameRegistered,
  GlobalNameUnregistered,
  GroupJoined,
  GroupLeft,
  NameRegistered,
  NameUnregistered,
} from './registration-events.js';
import type { ReportedCountName, ServerCounts } from './server-counts.js';

type ReportedCounts = Pick<ServerCounts, ReportedCountName>;

export type ProcessKind = 'genserver' | 'supervisor';

export type SupervisorStrategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';

/** An error as data, and up to five levels of causes and nested errors below it: at most 30 errors in all. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The `code` of the error. Absent: the error has no `code` that is a string or a finite number. */
  readonly code?: string | number;
  /** The `cause` of the error. A cause that is not an error gets the name `Value`, and its text as message. */
  readonly cause?: SerializedError;
  /** The first ten `errors` of an AggregateError, or of another error with such an array. */
  readonly errors?: readonly SerializedError[];
}

/** Why a process ended, as plain data. `killed`: it was killed, for example because it did not stop in time. */
export type SerializedExitReason = 'normal' | 'shutdown' | 'killed' | { readonly error: SerializedError };

/** Name and position of a process in the supervision tree when the event happened. */
export interface ProcessLocation {
  /** The registered name of the process. Absent: the process has none. */
  readonly name?: string;
  /** The id of the supervisor. Absent: the process has no supervisor on its node, or its start is not complete yet. */
  readonly supervisorId?: string;
  /** The registered name of the supervisor. Absent: the supervisor has no name, or `supervisorId` is absent. */
  readonly supervisorName?: string;
  /** The id in the child spec. Absent: the process is not a child, or its start is not complete yet. */
  readonly childId?: string;
  /**
   * The name of the distributed supervisor of which the process is a child. If that supervisor has no name: the process
   * id of its leader. Absent: the process is not the child of a distributed supervisor.
   */
  readonly distributedSupervisor?: string;
  /**
   * The registered name or id of the root supervisor, then the child ids down to this process. If there are more than
   * 32 child ids, the path begins at a lower supervisor. Absent: `supervisorId` is absent.
   */
  readonly path?: readonly string[];
}

/** A process was created, and its `init` begins. */
export interface ProcessSpawned extends EventStamp {
  readonly type: 'process_spawned';
  readonly id: string;
  readonly kind: ProcessKind;
  /** The `label` option. Default: the global name, or for a child of a distributed supervisor the behavior name. */
  readonly label?: string;
  /** The name of the distributed supervisor of which the process is an instance. Absent: no instance, or no name. */
  readonly distributedSupervisor?: string;
  /** Present if the process is a child of a distributed supervisor. */
  readonly hosted?: {
    /** The name of the supervisor. If the supervisor has no name: the process id of its leader. */
    readonly supervisor: string;
    readonly childId: string;
    /** How often the child was restarted before, on any node. */
    readonly restarts: number;
  };
  /** Supervisors only. */
  readonly strategy?: SupervisorStrategy;
}

/** `init` has completed; the process handles messages from now on. */
export interface ProcessStarted extends EventStamp {
  readonly type: 'process_started';
  readonly id: string;
  readonly kind: ProcessKind;
  /** Supervisors only. */
  readonly strategy?: SupervisorStrategy;
}

/**
 * The process stops: on request, because a handler returned `stop`, or after a handler crashed. Not emitted for a kill.
 */
export interface ProcessStopping extends EventStamp {
  readonly type: 'process_stopping';
  readonly id: string;
}

/**
 * What a process did since its previous `messages_handled` event. `calls`, `casts` and `infos` may all be zero, for
 * example if only the length of the queue changed. Any other count is absent if it is zero.
 */
export interface MessagesHandled extends EventStamp, ReportedCounts {
  readonly type: 'messages_handled';
  readonly id: string;
  readonly calls: number;
  readonly casts: number;
  readonly infos: number;
  /** Messages in the mailbox when the event was emitted. */
  readonly queueSize: number;
  /**
   * Latency samples, three numbers for each: time in the mailbox, time in the handler (both in whole microseconds), and
   * the number of messages that the sample stands for. A sample that stands for 0 messages only updates the maximum.
   * Absent: no message was measured.
   */
  readonly samples?: readonly number[];
}

/** A handler, or several handlers of one process in a row, blocked the event loop for at least `loopBlockedMs`. */
export interface LoopBlocked extends EventStamp {
  readonly type: 'loop_blocked';
  readonly id: string;
  /** The registered name of the process. Absent: the process has none. */
  readonly name?: string;
  /**
   * The field `type` of the message. For a message without that field, its class or primitive type. Absent: not known,
   * because the messages of the process were not timed one by one.
   */
  readonly messageType?: string;
  /** How long the event loop was blocked, ms. */
  readonly ms: number;
}

/** A handler, `init` or `terminate` threw, or `init` took too long. A `process_exited` event of the process follows. */
export interface ProcessCrashed extends EventStamp, ProcessLocation {
  readonly type: 'process_crashed';
  readonly id: string;
  readonly kind: ProcessKind;
  readonly error: SerializedError;
  /** Which function failed. Absent: a handler threw, or returned an invalid result or `stop` with an error. */
  readonly during?: 'init' | 'terminate';
}

/** A process did not stop within `timeoutMs`, and was killed. */
export interface StopTimedOut extends EventStamp, ProcessLocation {
  readonly type: 'stop_timed_out';
  readonly id: string;
  readonly kind: ProcessKind;
  readonly timeoutMs: number;
}

/** A process has ended. */
export interface ProcessExited extends EventStamp {
  readonly type: 'process_exited';
  readonly id: string;
  readonly kind: ProcessKind;
  /** The registered name that the process had when it ended. Absent: the process had none. */
  readonly name?: string;
  readonly reason: SerializedExitReason;
  /** The number of messages that were still in the mailbox. Calls among these messages were rejected. */
  readonly unhandled: number;
}

/** A process became the child of a supervisor. */
export interface ChildStarted extends EventStamp {
  readonly type: 'child_started';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  /** The id of the process. */
  readonly id: string;
}

/** A supervisor started a new process for a child whose process had ended. */
export interface ChildRestarted extends EventStamp {
  readonly type: 'child_restarted';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  /** The id of the last process that ran as this child. */
  readonly oldId: string;
  /** The id of the new process. */
  readonly newId: string;
  /** The kind of the new process. */
  readonly kind: ProcessKind;
  /** The number of restarts of this child so far, this one included. */
  readonly attempt: number;
}

/**
 * A child crashed, ended in a way that makes its supervisor restart it, or could not be restarted. The event is emitted
 * after the supervisor has decided what to do next, and before the supervisor does so. Each crash of a child is
 * followed by this event, or by the exit of its supervisor.
 */
export interface ChildDown extends EventStamp {
  readonly type: 'child_down';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  /** The id of the last process that ran as this child. */
  readonly oldId: string;
  /**
   * What the supervisor does next.
   * - `restart`: it restarts the child, and the siblings that the strategy includes.
   * - `give_up`: it would exceed its restart intensity, so it exits.
   * - `stay_down`: the child spec says not to restart the child.
   * - `shutdown`: it does not restart the child, and exits because the child is significant.
   * - `stopped`: nothing, because it was already ending the child when it noticed the crash.
   */
  readonly next: 'restart' | 'give_up' | 'stay_down' | 'shutdown' | 'stopped';
  /** The `restart` value of the child spec. */
  readonly restart: 'permanent' | 'transient' | 'temporary';
  /** Restarts by this supervisor within the last `withinMs`. Includes this one if `next` is `restart` or `give_up`. */
  readonly restarts: number;
  readonly maxRestarts: number;
  readonly withinMs: number;
}

/** A supervisor failed to restart a child. The supervisor tries again, within its restart intensity. */
export interface ChildRestartFailed extends EventStamp {
  readonly type: 'child_restart_failed';
  readonly supervisorId: string;
  /** The id in the child spec. */
  readonly childId: string;
  /** The id of the last process that ran as this child. */
  readonly oldId: string;
  /** What the `start` function of the child spec threw, or why its result was not usable. */
  readonly error: SerializedError;
  /** The number of consecutive failed starts: 1, 2, 3 ... */
  readonly attempt: number;
}

/** A supervisor exceeded its restart intensity. It stops its children and exits with `shutdown`. */
export interface SupervisorGaveUp extends EventStamp, Omit<ProcessLocation, 'childId'> {
  readonly type: 'supervisor_gave_up';
  /** The process id of the supervisor. */
  readonly id: string;
  readonly maxRestarts: number;
  /** The period in which more than `maxRestarts` restarts were needed, ms. */
  readonly withinMs: number;
  /** The id, in its child spec, of the child whose restart would have exceeded the limit. */
  readonly childId: string;
  /** Why that child ended, or why its start failed. */
  readonly error: SerializedError;
}

/** A traced process has handled a message. Not part of any snapshot. */
export interface MessageTraced extends EventStamp {
  readonly type: 'message';
  readonly id: string;
  readonly kind: 'call' | 'cast' | 'info';
  /** Time in the mailbox, ms. Counted from the beginning of the trace if the message arrived before. */
  readonly waitMs: number;
  /** Time in the handler, ms, including the time that the handler awaited. */
  readonly handleMs: number;
  readonly outcome: 'ok' | 'crashed';
  /** The field `type` of the message. For a message without that field, its class or primitive type. */
  readonly messageType: string;
  /**
   * The process that sent the message. Known only if a handler sent it before its first `await`, or through its context
   * object. Absent: the sender is not known or is not a process, or the message arrived before the trace began.
   */
  readonly from?: MessageSender;
}

export interface MessageSender {
  readonly id: string;
  /** Absent: the sender is on the same node. */
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
  | DistributedSupervisorEvent
  | GlobalNameRegistered
  | GlobalNameUnregistered
  | GlobalNameConflict
  | GroupJoined
  | GroupLeft
  | MessageTraced;

type WithoutStamp<Event> = Event extends RuntimeEvent ? Omit<Event, keyof EventStamp> : never;

/** A {@link RuntimeEvent} before the bus adds the sequence number and the times. */
export type UnstampedEvent = WithoutStamp<RuntimeEvent>;
