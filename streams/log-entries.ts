import type { DistributedChildStopped } from './distributed-supervisor-events.js';
import type { ProcessKind, RuntimeEvent, SerializedError, SerializedExitReason } from './events.js';
import { MAX_PROCESS_NAME } from './row-encoding.js';

interface Entry {
  /** The node that the entry is about. */
  readonly nodeId: string;
  /**
   * When the logged event happened, ms since the epoch on the clock of node `nodeId`. For `node_up` and `node_down`:
   * when the reader noticed the change, on the reader's clock. For `missed`: the time of the first entry after the gap.
   */
  readonly at: number;
}

interface ProcessEntry extends Entry {
  /** The id of the process. */
  readonly id: string;
  /** The registered name of the process when the event happened. Absent: the process had none. */
  readonly name?: string;
}

type ProcessLogEntry =
  | (ProcessEntry & { readonly type: 'process_started'; readonly kind: ProcessKind })
  | (ProcessEntry & {
      readonly type: 'process_crashed';
      readonly kind: ProcessKind;
      readonly error: SerializedError;
      /** The id in the child spec. Absent: the process is not a child, or its start is not complete yet. */
      readonly childId?: string;
    })
  | (ProcessEntry & {
      readonly type: 'process_exited';
      readonly kind: ProcessKind;
      readonly reason: SerializedExitReason;
    })
  /** `id` is the id of the new process. */
  | (ProcessEntry & {
      readonly type: 'child_restarted';
      readonly kind: ProcessKind;
      readonly supervisorId: string;
      /** The id in the child spec. */
      readonly childId: string;
      readonly oldId: string;
      /** The number of restarts of this child so far, this one included. */
      readonly attempt: number;
    })
  /** `id` is the id of the last process that ran as this child, because no new process was started. */
  | (ProcessEntry & {
      readonly type: 'child_restart_failed';
      readonly supervisorId: string;
      /** The id in the child spec. */
      readonly childId: string;
      readonly error: SerializedError;
      /** The number of consecutive failed starts: 1, 2, 3 ... */
      readonly attempt: number;
    })
  /** `id` is the id of the supervisor. */
  | (ProcessEntry & {
      readonly type: 'supervisor_gave_up';
      readonly maxRestarts: number;
      /** The period in which more than `maxRestarts` restarts were needed, ms. */
      readonly withinMs: number;
      /** The id, in its child spec, of the child whose restart would have exceeded the limit. */
      readonly childId: string;
      readonly error: SerializedError;
    })
  | (ProcessEntry & { readonly type: 'loop_blocked'; readonly messageType?: string; readonly ms: number })
  /** After a partition, a global name had two owners. Both nodes have an entry, each about its own process. */
  | (ProcessEntry & {
      readonly type: 'global_name_conflict';
      readonly globalName: string;
      /** `kept`: this process kept the global name. `killed`, `notified`: this process lost it. */
      readonly outcome: 'kept' | 'killed' | 'notified';
      /** The id of the other process. */
      readonly otherId: string;
      /** The node of the other process. */
      readonly otherNodeId: string;
    });

type DistributedLogEntry =
  /** The process `id`, an instance of a distributed supervisor, became its leader. */
  | (ProcessEntry & { readonly type: 'distributed_supervisor_led'; readonly supervisor: string })
  /** The process `id` is not the leader any more, because an instance on the node `to` leads. */
  | (ProcessEntry & {
      readonly type: 'distributed_supervisor_yielded';
      readonly supervisor: string;
      readonly to: string;
    })
  /** A child moved to this node, on which it runs as process `id`. */
  | (ProcessEntry & {
      readonly type: 'distributed_child_moved';
      readonly supervisor: string;
      readonly childId: string;
      /** The id of the node on which the child ran before. */
      readonly from: string;
    })
  /** This node ended a child with process `id`, because the child must not run here any more. */
  | (ProcessEntry & {
      readonly type: 'distributed_child_stopped';
      readonly supervisor: string;
      readonly childId: string;
      readonly why: DistributedChildStopped['why'];
    });

/**
 * An entry of the log of a cluster: something that happened to a process or a node. Plain data. Of a message, an entry
 * has only the type, not the content.
 */
export type LogEntry =
  | ProcessLogEntry
  | DistributedLogEntry
  | (Entry & { readonly type: 'node_up' })
  | (Entry & { readonly type: 'node_down'; readonly reason: string })
  /**
   * The reader missed `count` entries of this node, because the node keeps only its last {@link LOG_CAPACITY} entries.
   */
  | (Entry & { readonly type: 'missed'; readonly count: number });

type WithoutNode<E> = E extends ProcessLogEntry | DistributedLogEntry ? Omit<E, 'nodeId'> : never;

/**
 * A {@link LogEntry} in the log of the node on which it happened. The entry has no node id, because all entries are of
 * one node.
 */
export type LocalLogEntry = WithoutNode<ProcessLogEntry | DistributedLogEntry>;

/** Names, messages and codes of errors, and types of messages, are cut to this many characters. */
export const MAX_MESSAGE = 1000;
/** The stack of an error is cut to this many characters. */
export const MAX_STACK = 4000;
/** The stack of a cause or nested error is cut to this many characters. */
const MAX_NESTED_STACK = 1000;

/**
 * A node keeps this many log entries for readers that connect later. Also the maximum number of entries in one
 * `LogPart`.
 */
export const LOG_CAPACITY = 500;

/**
 * Returns the log entry for an event, or `undefined` if events of this type are not logged.
 *
 * @param name the registered name of the process that the event is about; `undefined` if it has none
 */
export function localLogEntryOf(event: RuntimeEvent, name: string | undefined): LocalLogEntry | undefined {
  const { at } = event;
  const named = name === undefined ? {} : { name: name.slice(0, MAX_PROCESS_NAME) };
  switch (event.type) {
    case 'process_started': {
      const { type, id, kind } = event;
      return { type, at, id, ...named, kind };
    }
    case 'process_crashed': {
      const { type, id, kind, error } = event;
      const child = event.childId === undefined ? {} : { childId: event.childId.slice(0, MAX_PROCESS_NAME) };
      return { type, at, id, ...named, kind, ...child, error: clipped(error) };
    }
    case 'process_exited': {
      const { type, id, kind, reason } = event;
      return {
        type,
        at,
        id,
        ...named,
        kind,
        reason: typeof reason === 'string' ? reason : { error: clipped(reason.error) },
      };
    }
    case 'child_restarted': {
      const { type, newId: id, kind, supervisorId, oldId, attempt } = event;
      const childId = event.childId.slice(0, MAX_PROCESS_NAME);
      return { type, at, id, ...named, kind, supervisorId, childId, oldId, attempt };
    }
    case 'child_restart_failed': {
      const { type, oldId: id, supervisorId, attempt } = event;
      const childId = event.childId.slice(0, MAX_PROCESS_NAME);
      return { type, at, id, ...named, supervisorId, childId, error: clipped(event.error), attempt };
    }
    case 'supervisor_gave_up': {
      const { type, id, maxRestarts, withinMs } = event;
      const childId = event.childId.slice(0, MAX_PROCESS_NAME);
      return { type, at, id, ...named, maxRestarts, withinMs, childId, error: clipped(event.error) };
    }
    default:
      return incidentOf(event, named);
  }
}

/** Returns the entry for an event that is not about the start or end of a process; `undefined` if it is not logged. */
function incidentOf(event: RuntimeEvent, named: { readonly name?: string }): LocalLogEntry | undefined {
  const { at } = event;
  switch (event.type) {
    case 'loop_blocked': {
      const { type, id, messageType, ms } = event;
      return {
        type,
        at,
        id,
        ...named,
        ...(messageType !== undefined && { messageType: messageType.slice(0, MAX_MESSAGE) }),
        ms,
      };
    }
    case 'global_name_conflict': {
      const { type, id, outcome, otherId, otherNodeId } = event;
      return {
        type,
        at,
        id,
        ...named,
        globalName: event.name.slice(0, MAX_PROCESS_NAME),
        outcome,
        otherId,
        otherNodeId,
      };
    }
    default:
      return distributedEntryOf(event, named);
  }
}

/** Returns the entry for an event of a distributed supervisor; `undefined` for any other event. */
function distributedEntryOf(event: RuntimeEvent, named: { readonly name?: string }): LocalLogEntry | undefined {
  const { at } = event;
  switch (event.type) {
    case 'distributed_supervisor_led':
      return { type: event.type, at, id: event.id, ...named, supervisor: event.supervisor };
    case 'distributed_supervisor_yielded':
      return { type: event.type, at, id: event.id, ...named, supervisor: event.supervisor, to: event.to };
    case 'distributed_child_moved': {
      const { type, id, supervisor, childId, from } = event;
      return { type, at, id, ...named, supervisor, childId, from };
    }
    case 'distributed_child_stopped': {
      const { type, id, supervisor, childId, why } = event;
      return { type, at, id, ...named, supervisor, childId, why };
    }
    default:
      return undefined;
  }
}

/** The maximum number of errors in one log entry, causes and `errors` included. */
export const MAX_ERRORS = 8;

/** Shortens the texts of an error and of the errors in it, and keeps at most {@link MAX_ERRORS} errors. */
function clipped(error: SerializedError): SerializedError {
  let left = MAX_ERRORS;
  const clip = ({ name, message, stack, code, cause, errors }: SerializedError, maxStack: number): SerializedError => {
    left -= 1;
    const below = (one: SerializedError) => (left > 0 ? [clip(one, MAX_NESTED_STACK)] : []);
    const [clippedCause] = cause === undefined ? [] : below(cause);
    const clippedErrors = errors?.flatMap(below);
    return {
      name: name.slice(0, MAX_MESSAGE),
      message: message.slice(0, MAX_MESSAGE),
      ...(stack !== undefined && { stack: stack.slice(0, maxStack) }),
      ...(code !== undefined && { code: typeof code === 'string' ? code.slice(0, MAX_MESSAGE) : code }),
      ...(clippedCause !== undefined && { cause: clippedCause }),
      ...(clippedErrors !== undefined && { errors: clippedErrors }),
    };
  };
  return clip(error, MAX_STACK);
}
