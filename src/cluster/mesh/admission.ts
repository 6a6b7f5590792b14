import type { Peer, Role } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { Link } from './link.js';
import type { LinkTable } from './link-table.js';

export interface AdmissionOptions {
  readonly localId: NodeId;
  /** The role of this node. An `observer` uses the links that the members it dials decide on. */
  readonly role: Role;
  readonly linked: LinkTable;
  /** Checks whether a linked node is alive, and calls `then` with the result. */
  readonly probe: (id: NodeId, then: (answered: boolean) => void) => void;
  /** Called when a linked node did not answer and another incarnation of it connected. */
  readonly lose: (id: NodeId) => void;
  /** Called when a dialled link is in use, or will not be used. */
  readonly dialled: (link: Link, peer: Peer, outcome: DialOutcome) => void;
  /** Called when a link comes into use. It replaces a link with the same incarnation in the table. */
  readonly established: (link: Link, peer: Peer) => void;
}

/** The outcome of a dialled link on which the other side sent its welcome. */
export type DialOutcome =
  /** The link is in use. */
  | 'opened'
  /** There already is a link with that node. */
  | 'linked'
  /** The link cannot be used now; dial again later. */
  | 'later';

/**
 * Decides which link two members use. They use only one at a time, because messages on two links could overtake each
 * other. The node with the smaller id decides, whichever side dialled: as acceptor by sending its welcome, as dialer by
 * opening the link. The other node then uses this link, and ends its previous one.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Accepted links that this node chose: it sent its welcome, and the other side is about to open them. */
  readonly #promised = new Map<NodeId, Link>();
  /** Accepted links between which the other side chooses: this node sent its welcome on each of them. */
  readonly #offered = new Set<Link>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** An accepted member proved its identity. */
  verified(link: Link, peer: Peer): void {
    const known = this.#options.linked.get(peer.id);
    if (known !== undefined && known.peer.incarnation !== peer.incarnation) {
      this.#contest(link, known.peer, (isFree) => isFree && this.verified(link, peer));
    } else if (this.#peerDecides(peer)) {
      this.#offered.add(link);
      link.welcome();
    } else if (known === undefined) {
      this.#promise(link, peer);
    } else {
      // Either the link in use is dead and this node has not noticed yet, or the new link is redundant.
      this.#options.probe(peer.id, (answered) => {
        if (!link.isUndecided) return;
        if (answered) link.refuse({ reason: 'duplicate_link', message: 'there is a link already' });
        else this.#promise(link, peer);
      });
    }
  }

  /** A dialled node sent its welcome. */
  welcomed(link: Link, peer: Peer): void {
    const { linked, dialled } = this.#options;
    const known = linked.get(peer.id);
    if (known !== undefined && known.peer.incarnation !== peer.incarnation) {
      this.#contest(link, known.peer, (isFree) => {
        if (isFree) this.welcomed(link, peer);
        else dialled(link, peer, 'later');
      });
    } else if (this.#peerDecides(peer) || (known === undefined && !this.#promised.has(peer.id))) {
      link.open();
      this.#establish(link, peer);
      dialled(link, peer, 'opened');
    } else {
      link.close('duplicate_link');
      dialled(link, peer, known === undefined ? 'later' : 'linked');
    }
  }

  /** An accepted member opened the link. */
  opened(link: Link, peer: Peer): void {
    this.ended(link);
    const known = this.#options.linked.get(peer.id);
    if (known === undefined || known.peer.incarnation === peer.incarnation) this.#establish(link, peer);
    else link.refuse({ reason: 'duplicate_link', message: `another incarnation of ${peer.id} was linked meanwhile` });
  }

  /** The link has ended or been opened. */
  ended(link: Link): void {
    this.#offered.delete(link);
    const id = link.peer?.id;
    if (id !== undefined && this.#promised.get(id) === link) this.#promised.delete(id);
  }

  /**
   * Uses this link, and ends the other links that were offered to the peer. If the peer opened one of them, it did so
   * before it chose this link.
   */
  #establish(link: Link, peer: Peer): void {
    for (const other of this.#offered) {
      if (other === link || other.peer?.id !== peer.id) continue;
      this.#offered.delete(other);
      other.refuse({ reason: 'duplicate_link', message: 'another link is in use' });
    }
    this.#options.established(link, peer);
  }

  /**
   * Another incarnation of a linked node connected: either the linked one is dead, or two running nodes claim the same
   * id. Probes the linked one, and calls `then` with whether the id is free.
   */
  #contest(link: Link, holder: Peer, then: (isFree: boolean) => void): void {
    const { linked, probe, lose } = this.#options;
    probe(holder.id, (answered) => {
      if (!link.isUndecided) return;
      const known = linked.get(holder.id);
      const isHeld = known?.peer.incarnation === holder.incarnation;
      if (answered && isHeld) {
        link.refuse({ reason: 'id_conflict', message: `another living node holds the id ${holder.id}` });
        known.link.send({ type: 'id_conflict' });
      } else if (isHeld) {
        lose(holder.id);
      }
      then(!answered || !isHeld);
    });
  }

  /** Chooses an accepted link, unless another one is about to be opened. */
  #promise(link: Link, peer: Peer): void {
    if (this.#promised.has(peer.id)) {
      link.refuse({ reason: 'duplicate_link', message: 'another link is being opened' });
      return;
    }
    this.#promised.set(peer.id, link);
    link.welcome();
  }

  /** Whether the peer decides which link is used. */
  #peerDecides(peer: Peer): boolean {
    return this.#options.role === 'observer' || peer.id < this.#options.localId;
  }
}
