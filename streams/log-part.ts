import { LOG_CAPACITY, type LocalLogEntry, MAX_ERRORS, MAX_MESSAGE, MAX_STACK } from './log-entries.js';
import { MAX_NODE_ID } from './node-links.js';
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

/** How many levels of causes and `errors` an error in an entry from another node may have below it. */
const MAX_DEPTH = 6;

/** A part of the log of one node, as it is sent to a reader. */
export interface LogPart {
  /**
   * Identifies the log: the incarnation of the node in which a reader first requested the log. Positions with different
   * incarnations belong to different logs.
   */
  readonly incarnation: number;
  /**
   * The position after the last of `entries`: the number of entries that the log has ever had, up to and with that
   * entry.
   */
  readonly position: number;
  /**
   * The entries up to `position`, without a gap. The first entries that the reader requested are missing if the node
   * has dropped them.
   */
  readonly entries: readonly LocalLogEntry[];
}

/** Whether this version of noex knows the type of an entry. Readers leave out entries of other types. */
export function isKnownEntry({ type }: LocalLogEntry): boolean {
  return Object.hasOwn(FIELDS, type);
}

/**
 * Validates a part of a log that another node sent as a value or as JSON text, and returns it.
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

const FIELDS: Readonly<Record<LocalLogEntry['type'], Readonly<Record<string, Check>>>> = {
  process_started: { kind: KIND },
  process_crashed: { kind: KIND, childId: optional(NAME), error: ERROR },
  process_exited: { kind: KIND, reason: REASON },
  child_restarted: { kind: KIND, supervisorId: ID, childId: NAME, oldId: ID, attempt: count },
  child_restart_failed: { supervisorId: ID, childId: NAME, error: ERROR, attempt: count },
  supervisor_gave_up: { maxRestarts: nonNegative, withinMs: nonNegative, childId: NAME, error: ERROR },
  loop_blocked: { messageType: optional(MESSAGE), ms: nonNegative },
  global_name_conflict: {
    globalName: NAME,
    outcome: isIn(['kept', 'killed', 'notified']),
    otherId: ID,
    otherNodeId: maxLength(MAX_NODE_ID),
  },
  distributed_supervisor_led: { supervisor: NAME },
  distributed_supervisor_yielded: { supervisor: NAME, to: maxLength(MAX_NODE_ID) },
  distributed_child_moved: { supervisor: NAME, childId: NAME, from: maxLength(MAX_NODE_ID) },
  distributed_child_stopped: {
    supervisor: NAME,
    childId: NAME,
    why: isIn(['duplicate', 'orphaned', 'handed_over', 'no_quorum']),
  },
};
/** Entries of any type are accepted, because later versions of noex may send types that this version does not know. */
const TYPE = object({ type: NAME });
const ENTRIES = Object.fromEntries(
  Object.entries(FIELDS).map(([type, fields]) => [
    type,
    object({ at: finiteNumber, id: ID, name: optional(NAME), ...fields }),
  ]),
);

const ENTRY: Check = (value) =>
  TYPE(value) ?? (isKnownEntry(value as LocalLogEntry) ? ENTRIES[(value as LocalLogEntry).type]?.(value) : undefined);

const LOG_PART = object({ incarnation: count, position: count, entries: list(ENTRY, LOG_CAPACITY) });
