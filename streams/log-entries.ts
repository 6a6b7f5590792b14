import type { ProcessKind, RuntimeEvent, SerializedError, SerializedExitReason } from './events.js';
import { MAX_ID, MAX_PROCESS_NAME } from './row-encoding.js';
import {
  type Check,
  count,
  finiteNumber,
  isIn,
  list,
  maxLength,
  nonNegative,
  object,
  optional,
  parse,
  predicate,
} from './validators.js';

interface Entry {
  /** The node that the entry is about. */
  readonly nodeId: string;
  /**
   * When the logged event happened, ms since the epoch on the clock of node `nodeId`. For `node_up` and `node_down`: when the
   * reader noticed the change, on the reader's clock.
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
      /** The id in the child spec. Absent: the process has no supervisor. */
      readonly childId?: string;
    })
  | (ProcessEntry & {
      readonly type: 'process_exited';
      readonly kind: ProcessKind;
      readonly reason: SerializedExitReason;
    })
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
  | (ProcessEntry & {
      /** In this entry, `id` is the id of the process that ended, because no new process was started. */
      readonly type: 'child_restart_failed';
      readonly supervisorId: string;
      /** The id in the child spec. */
      readonly childId: string;
      readonly error: SerializedError;
      /** The number of consecutive failed starts: 1, 2, 3 ... */
      readonly attempt: number;
    })
  | (ProcessEntry & {
      /** In this entry, `id` is the id of the supervisor. */
      readonly type: 'supervisor_gave_up';
      readonly maxRestarts: number;
      /** The period in which more than `maxRestarts` restarts were needed, ms. */
      readonly withinMs: number;
      /** The child id of the child that ended last, as in its child spec. */
      readonly childId: string;
      readonly error: SerializedError;
    })
  | (ProcessEntry & { readonly type: 'loop_blocked'; readonly messageType?: string; readonly ms: number });

/**
 * An entry of the log of a cluster: something that happened to a process or a node. Plain data. Never has the content of
 * a message.
 */
export type LogEntry =
  | ProcessLogEntry
  | (Entry & { readonly type: 'node_up' })
  | (Entry & { readonly type: 'node_down'; readonly reason: string })
  /** The reader missed `count` entries of this node, because the node keeps only its last {@link LOG_CAPACITY} entries. */
  | (Entry & { readonly type: 'missed'; readonly count: number });

type WithoutNode<E> = E extends ProcessLogEntry ? Omit<E, 'nodeId'> : never;

/**
 * A {@link LogEntry} in the log of the node on which it happened. The entry has no node id, because all entries are of one
 * node.
 */
export type LocalLogEntry = WithoutNode<ProcessLogEntry>;

/** The maximum lengths of the texts of an error in a log entry, in characters. Longer texts are cut. */
const MAX_MESSAGE = 1000;
const MAX_STACK = 4000;
const MAX_NESTED_STACK = 1000;

/**
 * A node keeps this many log entries for readers that connect later. Also the maximum number of entries in one {@link
 * LogPart}.
 */
export const LOG_CAPACITY = 500;

/**
 * Returns the log entry for an event, or `undefined` if events of this type are not logged.
 *
 * @param name the registered name of the process that the event is about
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
    default:
      return undefined;
  }
}

/** The maximum number of errors in one log entry, causes and `errors` included. */
const MAX_ERRORS = 8;
/** The maximum nesting depth of causes and `errors` in an entry from another node. */
const MAX_DEPTH = 6;

/** Shortens the texts of an error and of its causes. The stacks of causes are cut shorter than the stack of the error. */
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

/** A part of the log of one node, as it is sent to a reader. */
export interface LogPart {
  /** The incarnation of the node. Positions of different incarnations belong to different logs. */
  readonly incarnation: number;
  /** The position after the last of `entries`: the number of entries that the log has ever had, up to and with that entry. */
  readonly position: number;
  /**
   * The entries up to `position`, without a gap. The first entries that the reader requested are missing if the node has
   * dropped them.
   */
  readonly entries: readonly LocalLogEntry[];
}

/**
 * Validates a part of a log that another node sent, as a value or as JSON text.
 *
 * @throws TypeError with the path of the invalid part
 */
export function decodeLogPart(sent: unknown): LogPart {
  return parse(sent, LOG_PART, 'log') as LogPart;
}

const ID = maxLength(MAX_ID);
const NAME = maxLength(MAX_PROCESS_NAME);
const MESSAGE = maxLength(MAX_MESSAGE);
const KIND = isIn(['genserver', 'supervisor']);
const CODE: Check = (value) => (typeof value === 'number' ? finiteNumber(value) : MESSAGE(value));

/** Returns a check for an error with at most `depth` levels of causes below it. */
function errorUpTo(depth: number): Check {
  const below: Check =
    depth > 0 ? errorUpTo(depth - 1) : predicate(() => false, `absent: at most ${MAX_DEPTH} errors deep`);
  return object({
    name: MESSAGE,
    message: MESSAGE,
    stack: optional(maxLength(MAX_STACK)),
    code: optional(CODE),
    cause: optional(below),
    errors: optional(list(below, MAX_ERRORS)),
  });
}

const ERROR = errorUpTo(MAX_DEPTH);
const REASON_WORD = isIn(['normal', 'shutdown', 'killed']);
const REASON_ERROR = object({ error: ERROR });
const REASON: Check = (value) => (typeof value === 'string' ? REASON_WORD(value) : REASON_ERROR(value));

const FIELDS: Readonly<Record<ProcessLogEntry['type'], Readonly<Record<string, Check>>>> = {
  process_started: { kind: KIND },
  process_crashed: { kind: KIND, childId: optional(NAME), error: ERROR },
  process_exited: { kind: KIND, reason: REASON },
  child_restarted: { kind: KIND, supervisorId: ID, childId: NAME, oldId: ID, attempt: count },
  child_restart_failed: { supervisorId: ID, childId: NAME, error: ERROR, attempt: count },
  supervisor_gave_up: { maxRestarts: nonNegative, withinMs: nonNegative, childId: NAME, error: ERROR },
  loop_blocked: { messageType: optional(MESSAGE), ms: nonNegative },
};
const TYPE = object({ type: isIn(Object.keys(FIELDS)) });
const ENTRIES = Object.fromEntries(
  Object.entries(FIELDS).map(([type, fields]) => [
    type,
    object({ at: finiteNumber, id: ID, name: optional(NAME), ...fields }),
  ]),
);

const ENTRY: Check = (value) => TYPE(value) ?? ENTRIES[(value as LocalLogEntry).type]?.(value);

const LOG_PART = object({ incarnation: count, position: count, entries: list(ENTRY, LOG_CAPACITY) });
