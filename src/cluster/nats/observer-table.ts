import type { NodeId } from '../node-id.js';
import type { Peer } from './peer.js';

/** The most observers of a node. */
export const MAX_OBSERVERS = 100;

/**
 * The observers of a node. One whose connection is lost is kept for some time: when it comes back, it must not go on in an
 * epoch that has ended here.
 */
export class ObserverTable {
  readonly #observers = new Map<string, Peer>();
  readonly #onGone: (id: NodeId) => void;

  /** @param onGone called when the link with an observer has ended */
  constructor(onGone: (id: NodeId) => void) {
    this.#onGone = onGone;
  }

  get all(): readonly Peer[] {
    return [...this.#observers.values()];
  }

  get(name: string): Peer | undefined {
    return this.#observers.get(name);
  }

  /** Adds an observer, in place of an earlier incarnation of it. Returns `false` if there is no place for it. */
  add(peer: Peer): boolean {
    const { name } = peer.name;
    const before = this.#observers.get(name);
    if (before !== undefined) this.forget(before);
    if (this.#observers.size >= MAX_OBSERVERS) {
      const gone = this.all.find(({ link }) => !link.isOpen);
      if (gone === undefined) return false;
      this.#observers.delete(gone.name.name);
    }
    this.#observers.set(name, peer);
    return true;
  }

  /** Ends the link with an observer. */
  close(peer: Peer): void {
    peer.isResetting = false;
    if (!peer.link.isOpen) return;
    peer.link.close();
    this.#onGone(peer.id);
  }

  forget(peer: Peer): void {
    if (this.#observers.get(peer.name.name) !== peer) return;
    this.#observers.delete(peer.name.name);
    this.close(peer);
  }

  /** Forgets the observers whose links have ended, and that have been silent since `before`, ms of the monotonic clock. */
  forgetSilent(before: number): void {
    for (const peer of this.all) if (!peer.link.isOpen && peer.activity.receivedAt <= before) this.forget(peer);
  }
}
