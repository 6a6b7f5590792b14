import type { Peer, Role } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { Link } from './link.js';
import type { LinkTable } from './link-table.js';

export interface LinkSelectionOptions {
  readonly localId: NodeId;
  /** The role of this node. For an `observer`, the member that this node dials decides which link is used. */
  readonly role: Role;
  readonly linked: LinkTable;
  /** Checks whether a linked node is alive, and calls `then` with the result. */
  readonly probe: (id: NodeId, then: (answered: boolean) => void) => void;
  /** Ends the link with a node that did not answer a probe, and records that the node is down. */
  readonly lose: (id: NodeId) => void;
  /** Called with the outcome of a link that this node dialled, after the other side sent its welcome. */
  readonly dialled: (link: Link, peer: Peer, outcome: DialOutcome) => void;
  /** Puts a link into the table. Ends the link with the same incarnation that the new link replaces, if any. */
  readonly established: (link: Link, peer: Peer) => void;
}

/** The outcome of a dialled link on which the other side sent its welcome. */
export type DialOutcome =
  /** The link is in use. */
  | 'opened'
  /** This link was closed, because another link with the node is in use. */
  | 'linked'
  /** This link cannot be used. The node must be dialled again after a delay. */
  | 'later';

/**
 * Decides which link two nodes use. Two nodes use only one link at a time, because messages on two links could overtake
 * each other. The node with the smaller id decides, whichever side dialled. As acceptor, the deciding node chooses a
 * link by sending its welcome; as dialer, by opening the link. The other node uses the chosen link, and ends its
 * previous one.
 */
export class LinkSelection {
  readonly #options: LinkSelectionOptions;
  /**
   * For each peer, the accepted link that this node chose: this node has sent its welcome on the link, and the peer is
   * about to open the link.
   */
  readonly #promised = new Map<NodeId, Link>();
  /** Accepted links of which the peer chooses one: this node sent its welcome on each of them. */
  readonly #offered = new Set<Link>();

  constructor(options: LinkSelectionOptions) {
    this.#options = options;
  }

  /** Handles an accepted link on which the peer, a member, has proved its identity. */
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
      // Either the link in use is dead and this node has not noticed yet, or the new link is redundant. A probe of the
      // link in use finds out which.
      this.#options.probe(peer.id, (answered) => {
        if (!link.isUndecided) return;
        if (answered) link.refuse({ reason: 'duplicate_link', message: 'there is a link already' });
        else this.#promise(link, peer);
      });
    }
  }

  /** Handles the welcome of a node that this node dialled. */
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

  /** Handles the frame with which a member opens an accepted link. */
  opened(link: Link, peer: Peer): void {
    this.ended(link);
    const known = this.#options.linked.get(peer.id);
    if (known === undefined || known.peer.incarnation === peer.incarnation) this.#establish(link, peer);
    else link.refuse({ reason: 'duplicate_link', message: `another incarnation of ${peer.id} was linked meanwhile` });
  }

  /** Forgets an accepted link that is no longer waiting to be opened, because it was opened or has ended. */
  ended(link: Link): void {
    this.#offered.delete(link);
    const id = link.peer?.id;
    if (id !== undefined && this.#promised.get(id) === link) this.#promised.delete(id);
  }

  /**
   * Uses this link, and ends the other links on which this node sent this peer its welcome. The peer may have opened
   * one of those links, but has chosen this link since.
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
   * Handles another incarnation of a linked node: either the linked incarnation is dead, or two running nodes claim the
   * same id. Probes the linked incarnation. Calls `then` with whether the id is free, unless the new link has ended by
   * then.
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

  /** Chooses an accepted link, and sends the welcome. Refuses the link if the peer is about to open another one. */
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
