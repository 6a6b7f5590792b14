import { HandshakeError, NodeIdConflictError, ProtocolError } from '../errors.js';
import type { LinkEnd } from './link.js';
import type { NodeId } from './node-id.js';
import { isQuiet, isViolation } from './refusal.js';

/** At most so many are remembered; then it starts anew. Strangers must not make this grow. */
const MAX_COMPLAINTS = 1000;

/** Codes of Node.js and OpenSSL for what is wrong with a certificate, or with TLS as such. */
const TLS_PROBLEM = /^(ERR_TLS_|ERR_SSL_|EPROTO$|UNABLE_TO_)|CERT/;

/** A refused link, and who was at its other end. */
export interface RefusedLink {
  readonly end: Extract<LinkEnd, { kind: 'refused' }>;
  /** Whom this side dialled. */
  readonly target: NodeId | undefined;
  /** With whom the link was established, if it was. */
  readonly linkedWith: NodeId | undefined;
  /** The address, for want of anything better. */
  readonly remote: string;
}

/**
 * What is worth telling of refused links. A handshake that fails is tried again every few seconds, and is told once for
 * each other side and reason, until there is a link.
 */
export class Complaints {
  readonly #localId: NodeId;
  readonly #onError: (error: Error) => void;
  /** Other sides and reasons. */
  readonly #told = new Set<string>();

  constructor(localId: NodeId, onError: (error: Error) => void) {
    this.#localId = localId;
    this.#onError = onError;
  }

  refused({ end: { by, reason, message }, target, linkedWith, remote }: RefusedLink): void {
    if (isQuiet(reason)) return;
    // What a stranger who merely connected thinks of us is not worth a line in the log.
    if (by === 'peer' && target === undefined && linkedWith === undefined) return;
    if (by === 'peer' && reason === 'id_conflict') {
      this.idConflict();
      return;
    }
    const whom = linkedWith ?? target ?? remote;
    const problem = by === 'us' ? message : `refused by the other side: ${message}`;
    const error = isViolation(reason)
      ? new ProtocolError(reason, `${problem} (link with ${whom})`)
      : new HandshakeError(whom, reason, problem);
    if (linkedWith === undefined) this.#once(whom, reason, error);
    else this.#onError(error);
  }

  /** A dialled connection broke before there was a link. Most of that passes; a certificate that does not fit stays. */
  broken(target: NodeId, reason: string): void {
    if (!TLS_PROBLEM.test(reason)) return;
    const problem = 'TLS failed: do its certificate, its address and the ca of this node fit, and have both sides tls?';
    this.#once(target, reason, new HandshakeError(target, reason, problem));
  }

  /** Somebody else uses the local node's id. Told once. */
  idConflict(): void {
    this.#once(this.#localId, 'id_conflict', new NodeIdConflictError(this.#localId));
  }

  /** There is a link with them. */
  settled(...whom: readonly string[]): void {
    for (const each of this.#told) if (whom.some((other) => each.startsWith(`${other} `))) this.#told.delete(each);
  }

  #once(whom: string, reason: string, error: Error): void {
    const complaint = `${whom} ${reason}`;
    if (this.#told.has(complaint)) return;
    if (this.#told.size >= MAX_COMPLAINTS) this.#told.clear();
    this.#told.add(complaint);
    this.#onError(error);
  }
}
