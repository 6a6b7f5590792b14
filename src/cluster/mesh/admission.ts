import type { Peer, Role } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { Link } from './link.js';
import type { LinkTable } from './link-table.js';

export interface AdmissionOptions {
  readonly localId: NodeId;
  /** An observer is no member: the members it dials decide. */
  readonly role: Role;
  readonly linked: LinkTable;
  /** Checks whether a linked node is alive. */
  readonly probe: (id: NodeId, then: (answered: boolean) => void) => void;
  /** A linked node did not answer, and another incarnation of it is there. */
  readonly lose: (id: NodeId) => void;
  /** The link that was dialled is in use, or will not be. */
  readonly dialled: (link: Link, peer: Peer, outcome: Dialled) => void;
  /** The link is in use from now on; one with the same incarnation that is in the table is not any more. */
  readonly established: (link: Link, peer: Peer) => void;
}

/** What became of a link on which the other side sent its welcome. */
export type Dialled =
  /** It is in use. */
  | 'opened'
  /** There is a link with that node already. */
  | 'linked'
  /** Not now. */
  | 'later';

/**
 * Decides which link two members use: one at a time, or messages would overtake each other. Of two nodes the one with the
 * smaller id decides, whichever of them dialled: as the acceptor by its welcome, as the dialer by opening the link. The
 * other one follows, and gives up the link that it had.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Accepted links that this node has chosen and sent its welcome on: the other side is about to open them. */
  readonly #promised = new Map<NodeId, Link>();
  /** Links that this node sent its welcome to, and of which the other side opens the one that it chooses. */
  readonly #offered = new Set<Link>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** A member that connected proved who it is. */
  verified(link: Link, peer: Peer): void {
    const known = this.#options.linked.get(peer.id);
    if (known !== undefined && known.peer.incarnation !== peer.incarnation) {
      this.#contest(link, known.peer, (isFree) => isFree && this.verified(link, peer));
    } else if (this.#isUpTo(peer)) {
      this.#offered.add(link);
      link.welcome();
    } else if (known === undefined) {
      this.#promise(link, peer);
    } else {
      // Either the link in use is dead and this node does not know it yet, or the new one is one too many.
      this.#options.probe(peer.id, (answered) => {
        if (!link.isUndecided) return;
        if (answered) link.refuse({ reason: 'duplicate_link', message: 'there is a link already' });
        else this.#promise(link, peer);
      });
    }
  }

  /** A node that was dialled sent its welcome. */
  welcomed(link: Link, peer: Peer): void {
    const { linked, dialled } = this.#options;
    const known = linked.get(peer.id);
    if (known !== undefined && known.peer.incarnation !== peer.incarnation) {
      this.#contest(link, known.peer, (isFree) => {
        if (isFree) this.welcomed(link, peer);
        else dialled(link, peer, 'later');
      });
    } else if (this.#isUpTo(peer) || (known === undefined && !this.#promised.has(peer.id))) {
      link.open();
      this.#establish(link, peer);
      dialled(link, peer, 'opened');
    } else {
      link.close('duplicate_link');
      dialled(link, peer, known === undefined ? 'later' : 'linked');
    }
  }

  /** A member that connected uses the link. */
  opened(link: Link, peer: Peer): void {
    this.ended(link);
    const known = this.#options.linked.get(peer.id);
    if (known === undefined || known.peer.incarnation === peer.incarnation) this.#establish(link, peer);
    else link.refuse({ reason: 'duplicate_link', message: `another incarnation of ${peer.id} was linked meanwhile` });
  }

  /** The link is over, or opened. */
  ended(link: Link): void {
    this.#offered.delete(link);
    const id = link.peer?.id;
    if (id !== undefined && this.#promised.get(id) === link) this.#promised.delete(id);
  }

  /**
   * The other offers to that peer end: if it has opened one of them, that was before it chose this link, and only arrives
   * late.
   */
  #establish(link: Link, peer: Peer): void {
    for (const other of this.#offered) {
      if (other === link || other.peer?.id !== peer.id) continue;
      this.#offered.delete(other);
      other.refuse({ reason: 'duplicate_link', message: 'another link is in use' });
    }
    this.#options.established(link, peer);
  }

  /** Another incarnation of a linked node is there: one of the two is dead, or two living nodes claim one id. */
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

  #promise(link: Link, peer: Peer): void {
    if (this.#promised.has(peer.id)) {
      link.refuse({ reason: 'duplicate_link', message: 'another link is being opened' });
      return;
    }
    this.#promised.set(peer.id, link);
    link.welcome();
  }

  #isUpTo(peer: Peer): boolean {
    return this.#options.role === 'observer' || peer.id < this.#options.localId;
  }
}
