import { HandshakeError, NodeUnreachableError } from '../../errors.js';
import type { LinkEndReason } from './link-end-reason.js';

/** If something answers at the address, the target is reported after this many failures in a row. */
const MAX_FAILURES = 3;

/**
 * If nothing answers at the address, the target is reported at the first failure after this time, ms. Before that, its
 * node may be about to start.
 */
const MAX_ABSENT_MS = 30_000;

/** The most targets that are remembered. When this number is reached, all are forgotten at the next failure. */
const MAX_LABELS = 1000;

/** Codes of Node.js for an address at which nothing answers, or a name without an address. */
const ABSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENODATA',
  'ENOTFOUND',
]);

/** Reasons of refusals that are reported only if they persist, because a single refusal may be an accident. */
const COUNTED: ReadonlySet<string> = new Set(['self', 'handshake_timeout', 'wrong_node']);

interface Failures {
  /** When the first failure since the last link was recorded, ms, monotonic. */
  readonly since: number;
  /** The number of failures in a row in which something answered. */
  count: number;
  /** Whether the target was reported. */
  isReported: boolean;
}

export interface Failure {
  /** The target: a node id, a seed or a source of seeds. */
  readonly label: string;
  readonly end: LinkEndReason;
  /**
   * Whether there was a link with the target before. The end of that link was reported, so a failure to dial the target
   * again is reported only if its reason is `self`.
   */
  readonly wasLinked: boolean;
}

/**
 * Reports targets that stay unreachable. Each target is reported once, and again only after it was reached. Ignores
 * refusals for other reasons than {@link COUNTED}, which `LinkErrorReporter` handles.
 */
export class UnreachableReporter {
  readonly #onError: (error: Error) => void;
  readonly #failures = new Map<string, Failures>();

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /**
   * Records a failed attempt. Reports the target if it has failed often enough, or for long enough.
   *
   * @param now ms, monotonic
   */
  failed({ label, end, wasLinked }: Failure, now: number): void {
    if (end.kind === 'refused' && !COUNTED.has(end.reason)) return;
    if (wasLinked && end.reason !== 'self') return;
    const failures = this.#failures.get(label) ?? { since: now, count: 0, isReported: false };
    if (this.#failures.size >= MAX_LABELS) this.#failures.clear();
    this.#failures.set(label, failures);
    failures.count = isAbsent(end) ? 0 : failures.count + 1;
    const isLong = isAbsent(end) ? now - failures.since >= MAX_ABSENT_MS : failures.count >= MAX_FAILURES;
    if (failures.isReported || !isLong) return;
    failures.isReported = true;
    this.#onError(errorOf(label, end));
  }

  /** Forgets the failures of a target. */
  reached(label: string): void {
    this.#failures.delete(label);
  }
}

function isAbsent({ reason }: LinkEndReason): boolean {
  return reason === 'handshake_timeout' || ABSENT.has(reason);
}

function errorOf(label: string, end: LinkEndReason): Error {
  if (end.reason === 'self') {
    const problem =
      'its address leads back to this node; give every node a host (or advertise) at which other nodes reach it';
    return new HandshakeError(label, end.reason, problem);
  }
  if (end.kind === 'refused' && end.reason === 'wrong_node') return new HandshakeError(label, end.reason, end.message);
  if (isAbsent(end)) {
    const reason = end.reason === 'handshake_timeout' ? 'it does not answer' : end.reason;
    return new NodeUnreachableError(label, `${reason} for ${MAX_ABSENT_MS / 1000} s`);
  }
  if (end.reason === 'ECONNRESET' || end.reason === 'EPIPE') {
    const problem =
      'the connection was closed before the handshake; check that both sides use tls or neither does, ' +
      'and that the other side trusts the certificate of this node (requestPeerCert)';
    return new HandshakeError(label, end.reason, problem);
  }
  return new NodeUnreachableError(label, end.reason);
}
