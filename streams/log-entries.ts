import { MAX_ID, MAX_PROCESS_NAME } from './columns.js';
import type { ProcessKind, RuntimeEvent, SerializedError, SerializedExitReason } from './events.js';
import {
  type Check,
  count,
  isIn,
  list,
  maxLength,
  nonNegative,
  object,
  optional,
  parse,
  predicate,
  time,
} from './validators.js';

interface Entry {
  /** The node it happened on; of `node_up` and `node_down`, the node that came or went. */
  readonly nodeId: string;
  /** When, ms since the epoch, by the clock of the node that reported it. */
  readonly at: number;
}

interface ProcessEntry extends Entry {
  /** The id of the process. */
  readonly id: string;
  /** Its name at that time, where it had one. */
  readonly name?: string;
}

type ProcessLogEntry =
  | (ProcessEntry & { readonly type: 'process_started'; readonly kind: ProcessKind })
  | (ProcessEntry & {
      readonly type: 'process_crashed';
      readonly kind: ProcessKind;
      readonly error: SerializedError;
      /** The id in the child spec, where it has a supervisor. */
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
      /** How often this child has been restarted by now. */
      readonly attempt: number;
    })
  | (ProcessEntry & {
      /** `id` is that of the process that was last in the place of the child. */
      readonly type: 'child_restart_failed';
      readonly supervisorId: string;
      /** The id in the child spec. */
      readonly childId: string;
      readonly error: SerializedError;
      /** How many starts in a row have failed by now. */
      readonly attempt: number;
    })
  | (ProcessEntry & {
      /** `id` is that of the supervisor. */
      readonly type: 'supervisor_gave_up';
      readonly maxRestarts: number;
      /** ms */
      readonly withinMs: number;
      /** The child that ended last; the id in the child spec. */
      readonly childId: string;
      readonly error: SerializedError;
    })
  | (ProcessEntry & { readonly type: 'loop_blocked'; readonly messageType?: string; readonly ms: number });

/**
 * An entry of the log of a cluster: what happened to a process, or to a node. Plain data; never the content of
 * a message.
 */
export type LogEntry =
  | ProcessLogEntry
  | (Entry & { readonly type: 'node_up' })
  | (Entry & { readonly type: 'node_down'; readonly reason: string })
  /** So many entries of this node are lost: there were more than are kept. */
  | (Entry & { readonly type: 'missed'; readonly count: number });

type WithoutNode<E> = E extends ProcessLogEntry ? Omit<E, 'nodeId'> : never;

/** A {@link LogEntry} of a node itself, without its node id. */
export type OwnLogEntry = WithoutNode<ProcessLogEntry>;

/** Errors may be of any size; in a log they are not. In characters. */
const MAX_MESSAGE = 1000;
const MAX_STACK = 4000;
const MAX_NESTED_STACK = 1000;

/** The number of entries of a node that are kept for later readers, and sent to them at once. */
export const LOG_CAPACITY = 500;

/**
 * The log entry for an event; `undefined`: the event is not logged.
 *
 * @param name the registered name of the process that the event is about
 */
export function ownLogEntry(event: RuntimeEvent, name: string | undefined): OwnLogEntry | undefined {
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

/** How many errors are kept in an entry in all, causes included. */
const MAX_ERRORS = 8;
/** How many errors may be within one another in an entry from another node. */
const MAX_DEPTH = 6;

/** The error, shortened: of the errors below it only the beginning of the stack. */
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

/** A part of the log of one node, as it is sent to another. */
export interface LogPart {
  /** The incarnation of the node. */
  readonly incarnation: number;
  /** How many entries the log has had so far, the last of `entries` included. */
  readonly position: number;
  /** Those up to `position`, without a gap. Fewer than the reader lacks when the rest is not kept any more. */
  readonly entries: readonly OwnLogEntry[];
}

/**
 * A part of a log from the text that another node sent.
 *
 * @throws TypeError that names the part that is not what it should be
 */
export function decodeLogPart(json: unknown): LogPart {
  return parse(json, LOG_PART, 'log') as LogPart;
}

const ID = maxLength(MAX_ID);
const NAME = maxLength(MAX_PROCESS_NAME);
const MESSAGE = maxLength(MAX_MESSAGE);
const KIND = isIn(['genserver', 'supervisor']);
const CODE: Check = (value) => (typeof value === 'number' ? time(value) : MESSAGE(value));

/** An error with at most this many levels of causes below it. */
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
  Object.entries(FIELDS).map(([type, fields]) => [type, object({ at: time, id: ID, name: optional(NAME), ...fields })]),
);

const ENTRY: Check = (value) => TYPE(value) ?? ENTRIES[(value as OwnLogEntry).type]?.(value);

const LOG_PART = object({ incarnation: count, position: count, entries: list(ENTRY, LOG_CAPACITY) });
