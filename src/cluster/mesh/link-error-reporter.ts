import { HandshakeError, NodeIdConflictError, ProtocolError } from '../../errors.js';
import type { NodeId } from '../node-id.js';
import { isQuiet, isViolation } from './close-reason.js';
import type { LinkEndReason } from './link-end-reason.js';
import { RefusalCounts } from './refusal-counts.js';

/** The most reports remembered to avoid repetition; the oldest is forgotten first. */
const MAX_REPORTED = 1000;

/** Matches the error codes of Node.js and OpenSSL for problems with a certificate or with TLS itself. */
const TLS_PROBLEM = /^(ERR_TLS_|ERR_SSL_|EPROTO$|UNABLE_TO_)|CERT/;

/** A refused link and the peer at its other end. */
export interface RefusedLink {
  readonly end: Extract<LinkEndReason, { kind: 'refused' }>;
  /** The target that this side dialled; `undefined` if the peer dialled. */
  readonly target: string | undefined;
  /** The peer, if it has proved its identity on this link; otherwise `undefined`. */
  readonly linkedWith: NodeId | undefined;
  /** The peer's address, used if nothing better identifies the peer. */
  readonly remote: string;
}

/**
 * Reports refused links. A node retries a failed handshake every few seconds. So each pair of peer and reason is
 * reported once, until a link with the peer is established. A peer that has proved its identity is reported each time.
 * Of the refused links that peers dialled, only the first few in each interval are reported in full, and the others as
 * a count: there may be thousands of unauthenticated peers.
 */
export class LinkErrorReporter {
  readonly #localId: NodeId;
  readonly #onError: (error: Error) => void;
  readonly #now: () => number;
  /** The pairs of peer and reason that were reported, each as one text. */
  readonly #reported = new Set<string>();
  readonly #accepted: RefusalCounts;

  /** @param now ms, monotonic */
  constructor(localId: NodeId, onError: (error: Error) => void, now: () => number) {
    this.#localId = localId;
    this.#onError = onError;
    this.#now = now;
    this.#accepted = new RefusalCounts(onError, now());
  }

  /** Reports the counted refusals if their interval is over. Must be called periodically. */
  beat(): void {
    this.#accepted.beat(this.#now());
  }

  /** Reports the counted refusals now. */
  stop(): void {
    this.#accepted.report(this.#now());
  }

  refused({ end: { by, reason, message }, target, linkedWith, remote }: RefusedLink): void {
    if (isQuiet(reason)) return;
    // An unauthenticated peer must not be able to write to the log.
    if (by === 'peer' && target === undefined && linkedWith === undefined) return;
    if (by === 'peer' && reason === 'id_conflict') {
      this.idConflict();
      return;
    }
    const peer = linkedWith ?? target ?? remote;
    const problem = by === 'us' ? message : `refused by the other side: ${message}`;
    const error = isViolation(reason)
      ? new ProtocolError(reason, `${problem} (link with ${peer})`)
      : new HandshakeError(peer, reason, problem);
    const isRepeated = linkedWith === undefined && this.#reported.has(`${peer} ${reason}`);
    if (isRepeated || (target === undefined && !this.#accepted.add(remote, reason, this.#now()))) return;
    if (linkedWith === undefined) this.#once(peer, reason, error);
    else this.#onError(error);
  }

  /**
   * Reports once that the connection to a target broke, if the cause is TLS: a TLS error is permanent, most other
   * errors are transient. Returns whether the cause is TLS.
   */
  broken(target: string, reason: string): boolean {
    if (!TLS_PROBLEM.test(reason)) return false;
    const problem =
      'TLS failed; check that its certificate matches its address, that ca of this node has signed it, and that both sides use tls';
    this.#once(target, reason, new HandshakeError(target, reason, problem));
    return true;
  }

  /** Reports once that another node uses the id of the local node. */
  idConflict(): void {
    this.#once(this.#localId, 'id_conflict', new NodeIdConflictError(this.#localId));
  }

  /**
   * Forgets the reported errors of these peers, because a link was established. Their next errors are reported again.
   */
  settled(...peers: readonly string[]): void {
    for (const each of this.#reported)
      if (peers.some((other) => each.startsWith(`${other} `))) this.#reported.delete(each);
  }

  #once(peer: string, reason: string, error: Error): void {
    const key = `${peer} ${reason}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    for (const oldest of this.#reported) {
      if (this.#reported.size <= MAX_REPORTED) break;
      this.#reported.delete(oldest);
    }
    this.#onError(error);
  }
}
