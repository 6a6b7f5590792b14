import { HandshakeError, NodeIdConflictError, ProtocolError } from '../../errors.js';
import type { NodeId } from '../node-id.js';
import { isQuiet, isViolation } from './close-reason.js';
import type { LinkEnd } from './link-end.js';
import { RefusalCounts } from './refusal-counts.js';

/** How many reports are remembered, so as not to repeat them; the oldest is forgotten first. */
const MAX_REPORTED = 1000;

/** Codes of Node.js and OpenSSL for what is wrong with a certificate, or with TLS as such. */
const TLS_PROBLEM = /^(ERR_TLS_|ERR_SSL_|EPROTO$|UNABLE_TO_)|CERT/;

/** A refused link, and its other end. */
export interface RefusedLink {
  readonly end: Extract<LinkEnd, { kind: 'refused' }>;
  /** What this side dialled. */
  readonly target: string | undefined;
  /** The peer of a link that was established. */
  readonly linkedWith: NodeId | undefined;
  /** The address, for want of anything better. */
  readonly remote: string;
}

/**
 * What is worth a report of refused links. A handshake that fails is tried again every few seconds, and is reported once
 * for each other side and reason, until there is a link. Of the links that others dialled a few are reported in full, and
 * then their number: there may be thousands of unauthenticated peers.
 */
export class LinkErrorReporter {
  readonly #localId: NodeId;
  readonly #onError: (error: Error) => void;
  readonly #now: () => number;
  /** Other sides and reasons. */
  readonly #reported = new Set<string>();
  readonly #accepted: RefusalCounts;

  /** @param now ms, monotonic */
  constructor(localId: NodeId, onError: (error: Error) => void, now: () => number) {
    this.#localId = localId;
    this.#onError = onError;
    this.#now = now;
    this.#accepted = new RefusalCounts(onError, now());
  }

  /** Reports what was only counted, once the time for it has come. To be called now and then. */
  beat(): void {
    this.#accepted.beat(this.#now());
  }

  /** Reports what was only counted. */
  stop(): void {
    this.#accepted.report(this.#now());
  }

  refused({ end: { by, reason, message }, target, linkedWith, remote }: RefusedLink): void {
    if (isQuiet(reason)) return;
    // The opinion of a peer that merely connected is not worth a line in the log.
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
   * A dialled connection broke before there was a link. Most of that passes; a certificate that does not fit stays. Returns
   * whether that is it.
   */
  broken(target: string, reason: string): boolean {
    if (!TLS_PROBLEM.test(reason)) return false;
    const problem = 'TLS failed: do its certificate, its address and the ca of this node fit, and have both sides tls?';
    this.#once(target, reason, new HandshakeError(target, reason, problem));
    return true;
  }

  /** Another node uses the id of the local node. Reported once. */
  idConflict(): void {
    this.#once(this.#localId, 'id_conflict', new NodeIdConflictError(this.#localId));
  }

  /** There is a link with them. */
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
