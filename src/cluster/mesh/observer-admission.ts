import type { Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { Refusal } from './close-reason.js';
import type { Link } from './link.js';
import { MAX_OBSERVERS, type ObserverLinks } from './observer-links.js';

interface ObserverAdmissionOptions {
  readonly localId: NodeId;
  readonly observers: ObserverLinks;
  readonly isMember: (id: NodeId) => boolean;
  /** Checks whether a linked peer is alive, and calls `then` with the result. */
  readonly probe: (id: NodeId, then: (answered: boolean) => void) => void;
  /** Called when an observer was refused because there are too many. */
  readonly onRefused: (link: Link, refusal: Refusal) => void;
}

/** Decides whether an observer that proved its identity gets a link: one for each id, and a limited number in all. */
export class ObserverAdmission {
  readonly #options: ObserverAdmissionOptions;

  constructor(options: ObserverAdmissionOptions) {
    this.#options = options;
  }

  /** Handles an observer that connected and proved its identity. */
  verified(link: Link, peer: Peer): void {
    const { observers, isMember } = this.#options;
    if (isMember(peer.id)) {
      link.refuse({ reason: 'id_conflict', message: `${peer.id} is a member; an observer needs an id of its own` });
    } else if (observers.get(peer.id) !== undefined) {
      this.#contest(link, peer);
    } else if (observers.isFull) {
      const { localId, onRefused } = this.#options;
      const message = `${localId} has ${MAX_OBSERVERS} observers, which is the limit; detach one, or share one`;
      const refusal: Refusal = { reason: 'too_many_observers', message };
      link.refuse(refusal);
      onRefused(link, refusal);
    } else {
      observers.admit(link, peer);
    }
  }

  /**
   * Handles an observer whose id another linked observer has. If the linked observer is dead, the new link replaces its
   * link.
   */
  #contest(link: Link, peer: Peer): void {
    const { observers, probe } = this.#options;
    probe(peer.id, (answered) => {
      if (!link.isUndecided) return;
      if (answered) {
        link.refuse({ reason: 'duplicate_link', message: `there is a link with ${peer.id} already` });
      } else {
        observers.terminate(peer.id);
        this.verified(link, peer);
      }
    });
  }
}
