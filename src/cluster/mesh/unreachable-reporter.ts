import { HandshakeError, NodeUnreachableError } from '../../errors.js';
import type { LinkEnd } from './link-end.js';

/** The number of failures in a row that is reported where something answers. */
const MAX_FAILURES = 3;

/** An address where nothing answers is reported after this time, ms: the node may be about to start. */
const MAX_ABSENT_MS = 30_000;

/** The most that are remembered; then it starts over. */
const MAX_LABELS = 1000;

/** Codes of Node.js for an address at which nothing answers, or a name without one. */
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

/** Refusals that are not reported at once: one of them may be an accident. */
const COUNTED: ReadonlySet<string> = new Set(['self', 'handshake_timeout', 'wrong_node']);

interface Failures {
  readonly since: number;
  /** In a row, where something answered. */
  count: number;
  isReported: boolean;
}

export interface Failure {
  /** What was dialled. */
  readonly label: string;
  readonly end: LinkEnd;
  /** There was a link once: that nothing answers there any more was reported as the end of that link. */
  readonly wasLinked: boolean;
}

/**
 * Reports once what is dialled again and again without a link, until there is one. Refusals that name the problem
 * are reported elsewhere, at once.
 */
export class UnreachableReporter {
  readonly #onError: (error: Error) => void;
  readonly #failures = new Map<string, Failures>();

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /** @param now ms, monotonic */
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

  reached(label: string): void {
    this.#failures.delete(label);
  }
}

function isAbsent({ reason }: LinkEnd): boolean {
  return reason === 'handshake_timeout' || ABSENT.has(reason);
}

function errorOf(label: string, end: LinkEnd): Error {
  if (end.reason === 'self') {
    const problem =
      'its address leads back to this node; give every node a host (or advertise) at which others reach it';
    return new HandshakeError(label, end.reason, problem);
  }
  if (end.kind === 'refused' && end.reason === 'wrong_node') return new HandshakeError(label, end.reason, end.message);
  if (isAbsent(end)) {
    const reason = end.reason === 'handshake_timeout' ? 'it does not answer' : end.reason;
    return new NodeUnreachableError(label, `${reason} for ${MAX_ABSENT_MS / 1000} s`);
  }
  if (end.reason === 'ECONNRESET' || end.reason === 'EPIPE') {
    const problem =
      'the connection is closed before the handshake; have both sides tls, or neither, ' +
      'and does the other side trust the certificate of this one (requestPeerCert)?';
    return new HandshakeError(label, end.reason, problem);
  }
  return new NodeUnreachableError(label, end.reason);
}
