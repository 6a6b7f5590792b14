import { MAX_TIMER_MS } from '../clock.js';
import { MAX_SENT_NAME } from '../validate.js';
import { MAX_JOINS } from './groups/group-members.js';
import type { ClaimItem } from './names/claim-protocol.js';
import type { QuorumItem } from './quorum.js';

/**
 * The items that the two ends of a channel send each other. The key is the first element of an item, the tuple is the
 * rest.
 */
export interface Items {
  /**
   * A cast to the process `to`. `annotated` 1: `body` has annotations for values that JSON cannot represent. `from`:
   * the process id of the sender; 0: none.
   */
  readonly cast: readonly [to: string, body: unknown, annotated: Flag, from: string | 0];
  /** An info message. Its elements are those of `cast`. */
  readonly info: readonly [to: string, body: unknown, annotated: Flag, from: string | 0];
  /**
   * A message that is answered by `reply` or `fail` with the same number. `deadline`: how long the caller waits, ms; 0:
   * no limit. `metadata` is reserved for tracing.
   */
  readonly call: readonly [
    number: number,
    to: string,
    body: unknown,
    annotated: Flag,
    from: string | 0,
    deadline: number,
    metadata?: unknown,
  ];
  readonly reply: readonly [number: number, body: unknown, annotated: Flag];
  readonly fail: readonly [number: number, failure: unknown];
  /** Answered by one `down`, unless `demonitor` comes first. */
  readonly monitor: readonly [number: number, to: string];
  readonly demonitor: readonly [number: number];
  /** Answers `monitor`. `isRefused` 1: the node does not allow the monitor, and `reason` is not that of the process. */
  readonly down: readonly [number: number, reason: unknown, isRefused?: Flag];
  /** Links the process `to` with the process `from` of the sending node. */
  readonly link: readonly [number: number, to: string, from: string];
  readonly unlink: readonly [number: number];
  /**
   * A process of a link has ended, or the link was refused. `side` 0: the sender of this item assigned the number. 1:
   * the receiver did. `isRefused`: see `down`.
   */
  readonly exit: readonly [number: number, side: Flag, reason: unknown, isRefused?: Flag];
  /** Answered by `reply` when the process has ended, or by `fail`. `timeoutMs` null: no limit. */
  readonly stop: readonly [number: number, to: string, reason: unknown, timeoutMs: number | null];
  readonly kill: readonly [to: string];
  /** Starts a process of a registered behavior. Answered by `fail`, or by `reply` with its ref. */
  readonly start: readonly [number: number, behavior: string, args: unknown, annotated: Flag, options: unknown];
  /** Confirms that the ref in the answer to `start` has arrived. */
  readonly started: readonly [number: number];
  /** The starting node has stopped waiting: the receiver kills the process. */
  readonly abort: readonly [number: number];
  /** Registers a global name for a process of the receiver. Answered by `reply` or `fail`. */
  readonly register: readonly [number: number, to: string, name: string, onConflict: string];
  /** Unregisters a global name of a process of the receiver. Answered by `reply` or `fail`. */
  readonly unregister: readonly [number: number, name: string];
  /** The following items synchronize claims of global names: see {@link ClaimItem}. */
  readonly claim: readonly [
    name: string,
    processId: string,
    at: number,
    sequence: number,
    isHeld: Flag,
    child?: string,
  ];
  readonly unclaim: readonly [name: string, at: number, sequence: number];
  readonly claim_ok: readonly [name: string, at: number, sequence: number];
  readonly claim_taken: readonly [name: string, at: number, sequence: number];
  readonly claims_digest: readonly [count: number, digest: number];
  readonly claims_wanted: readonly [];
  readonly claims_whole: readonly [];
  /** Sent only with `minNodes`: see {@link QuorumItem}. */
  readonly quorum_ping: readonly [at: number, minNodes: number, windowMs: number];
  readonly quorum_echo: readonly [at: number, withheld: readonly string[]];
  /** How often a process of the sender has joined a group. 0: it has left. */
  readonly member: readonly [group: string, processId: string, joins: number];
  /**
   * A message about a distributed supervisor. `at` and `sequence` are the stamp of its leader's claim of the name. The
   * leader is the sender or the receiver, depending on the message.
   */
  readonly supervise: readonly [supervisor: string, at: number, sequence: number, body: unknown, annotated: Flag];
  /** A request about a child of a distributed supervisor, for its leader. Answered by `reply` or `fail`. */
  readonly supervise_request: readonly [number: number, supervisor: string, body: unknown, annotated: Flag];
}

export type Flag = 0 | 1;

export type ItemKind = keyof Items;

type Guard = (value: unknown) => boolean;

const isNumber: Guard = (value) => Number.isSafeInteger(value) && Number(value) > 0;
const isId: Guard = (value) => typeof value === 'string' && value.length <= MAX_SENT_NAME;
const isName: Guard = (value) => isId(value) && value !== '';
const isNames: Guard = (value) => Array.isArray(value) && value.every(isName);
const isTime: Guard = (value) => typeof value === 'number' && Number.isFinite(value);
const isCount: Guard = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isJoins: Guard = (value) => isCount(value) && Number(value) <= MAX_JOINS;
const isOnConflict: Guard = (value) => value === 'kill' || value === 'notify';
const isSender: Guard = (value) => value === 0 || isId(value);
const isFlag: Guard = (value) => value === 0 || value === 1;
const isDuration: Guard = (value) => typeof value === 'number' && value >= 0 && value <= MAX_TIMER_MS;
const isDurationOrNull: Guard = (value) => value === null || isDuration(value);
const isAnything: Guard = () => true;

/** One guard for each required element of an item after its kind. */
const GUARDS: { readonly [Kind in ItemKind]: readonly Guard[] } = {
  cast: [isId, isAnything, isFlag, isSender],
  info: [isId, isAnything, isFlag, isSender],
  call: [isNumber, isId, isAnything, isFlag, isSender, isDuration],
  reply: [isNumber, isAnything, isFlag],
  fail: [isNumber, isAnything],
  monitor: [isNumber, isId],
  demonitor: [isNumber],
  down: [isNumber, isAnything],
  link: [isNumber, isId, isId],
  unlink: [isNumber],
  exit: [isNumber, isFlag, isAnything],
  stop: [isNumber, isId, isAnything, isDurationOrNull],
  kill: [isId],
  start: [isNumber, isId, isAnything, isFlag, isAnything],
  started: [isNumber],
  abort: [isNumber],
  register: [isNumber, isId, isName, isOnConflict],
  unregister: [isNumber, isName],
  claim: [isName, isId, isTime, isNumber, isFlag],
  unclaim: [isName, isTime, isNumber],
  claim_ok: [isName, isTime, isNumber],
  claim_taken: [isName, isTime, isNumber],
  claims_digest: [isCount, isCount],
  claims_wanted: [],
  claims_whole: [],
  quorum_ping: [isTime, isNumber, isNumber],
  quorum_echo: [isTime, isNames],
  member: [isName, isId, isJoins],
  supervise: [isName, isTime, isNumber, isAnything, isFlag],
  supervise_request: [isNumber, isName, isAnything, isFlag],
};

/** An item that another node sent. */
export type ReceivedItem = { [Kind in ItemKind]: readonly [Kind, ...Items[Kind]] }[ItemKind];

/** Whether an item belongs to the protocol of global names. */
export function isClaimItem(item: ReceivedItem): item is ClaimItem {
  return CLAIM_KINDS.has(item[0]);
}

/** Whether an item belongs to the protocol of the quorum. */
export function isQuorumItem(item: ReceivedItem): item is QuorumItem {
  return item[0] === 'quorum_ping' || item[0] === 'quorum_echo';
}

const CLAIM_KINDS: ReadonlySet<ItemKind> = new Set<ClaimItem[0]>([
  'claim',
  'unclaim',
  'claim_ok',
  'claim_taken',
  'claims_digest',
  'claims_wanted',
  'claims_whole',
]);

/** Validates a received item. `unknown`: a kind that only later versions have. `malformed`: no version sends it. */
export function readItem(item: unknown): ReceivedItem | 'unknown' | 'malformed' {
  if (!Array.isArray(item) || typeof item[0] !== 'string') return 'malformed';
  const guards: readonly Guard[] | undefined = Object.hasOwn(GUARDS, item[0]) ? GUARDS[item[0] as ItemKind] : undefined;
  if (guards === undefined) return 'unknown';
  for (let at = 0; at < guards.length; at += 1) if (!guards[at]?.(item[at + 1])) return 'malformed';
  return item as unknown as ReceivedItem;
}
