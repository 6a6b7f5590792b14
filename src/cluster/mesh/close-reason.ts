/**
 * The reasons for which a node closes a link intentionally, each with its WebSocket close code. Codes are stable:
 * append new reasons at the end.
 */
const CLOSE_CODES = {
  /** The node is stopping. On an established link, a `leave` frame comes first. */
  leaving: 4000,
  /** There is another link between the same two nodes. Not an error. */
  duplicate_link: 4001,
  /** The node dialled itself. */
  self: 4002,
  /** Another running node holds the id. */
  id_conflict: 4003,
  /** A node other than the expected one answers at the dialled address. */
  wrong_node: 4004,
  /** The proof does not match the secret. */
  auth_failed: 4005,
  /** One side has a secret and the other has none. */
  auth_required: 4006,
  handshake_timeout: 4007,
  unsupported_version: 4008,
  frame_too_large: 4009,
  binary_frame: 4010,
  not_json: 4011,
  malformed: 4012,
  unknown_type: 4013,
  /** A frame of a known type that is not allowed in the current state of the link. */
  out_of_turn: 4014,
  /** An observer requested or sent something reserved for members. */
  not_permitted: 4015,
  /** The MAC of a message does not match the session of its link. */
  forged: 4016,
  /** An observer sent frames too fast, or had too many requests waiting. */
  too_many_requests: 4017,
  /** The node has reached its limit of observers. */
  too_many_observers: 4018,
  /** An observer read too slowly while the backlog of all observers was too large. */
  slow_consumer: 4019,
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;

/** Why a link is refused: a stable reason, and a description, which the other side receives, too. */
export interface Refusal {
  readonly reason: CloseReason;
  readonly message: string;
}

export function closeCode(reason: CloseReason): number {
  return CLOSE_CODES[reason];
}

/** Returns the reason that a close code of the other side stands for; `undefined` for a code that noex does not use. */
export function closeReasonOf(code: number): CloseReason | undefined {
  return REASONS.get(code);
}

export function isCloseReason(text: string): text is CloseReason {
  return Object.hasOwn(CLOSE_CODES, text);
}

/**
 * Whether `LinkErrorReporter` ignores this reason, because it may be part of normal operation. `UnreachableReporter`
 * reports `self` and `handshake_timeout` if they persist.
 */
export function isQuiet(reason: string): boolean {
  return reason === 'leaving' || reason === 'duplicate_link' || reason === 'self' || reason === 'handshake_timeout';
}

/**
 * Whether the refused peer sent a frame that no correct node of any version sends. Other refusals are disagreements
 * between correct nodes.
 */
export function isViolation(reason: string): boolean {
  return VIOLATIONS.has(reason);
}

/**
 * Whether a refusal suggests an attacker or a broken peer. Such a refusal delays the next handshake from the same
 * address. `too_many_observers` does not: the refused observer did nothing wrong, and nodes may have the same address.
 */
export function isSuspicious(reason: string): boolean {
  return isViolation(reason) || SUSPICIOUS.has(reason);
}

const VIOLATIONS: ReadonlySet<string> = new Set<CloseReason>([
  'frame_too_large',
  'binary_frame',
  'not_json',
  'malformed',
  'unknown_type',
  'out_of_turn',
  'forged',
]);

const SUSPICIOUS: ReadonlySet<string> = new Set<CloseReason>(['auth_failed', 'not_permitted', 'too_many_requests']);

const REASONS: ReadonlyMap<number, CloseReason> = new Map(
  (Object.keys(CLOSE_CODES) as CloseReason[]).map((reason) => [CLOSE_CODES[reason], reason]),
);
