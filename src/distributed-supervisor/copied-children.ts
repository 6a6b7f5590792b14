import type { InstanceMessage, SentChild } from './supervision-protocol.js';

/** The children of a leader, as an instance that stands by knows them. */
export class CopiedChildren {
  #children: Map<string, SentChild> | undefined;
  /** The children received so far from a leader that is sending all its children. */
  #incoming: Map<string, SentChild> | undefined;
  /** The token of a request for all children that has no answer yet. */
  #awaited: string | undefined;
  #ages: readonly number[] = [];
  #agesAt = 0;

  /** All children in start order; `undefined` if no leader has sent all its children yet, or if they have ended. */
  get children(): ReadonlyMap<string, SentChild> | undefined {
    return this.#children;
  }

  /** How long ago the counted restarts of the leader were, ms. @param now ms of the monotonic clock */
  agesAt(now: number): readonly number[] {
    return this.#ages.map((age) => age + now - this.#agesAt);
  }

  /**
   * Replaces the copies with the children of this instance, which led until now. `undefined`: the instance has ended
   * its children.
   *
   * @param ages how long ago the restarts that the instance counted were, ms
   * @param now ms of the monotonic clock
   */
  replace(children: ReadonlyMap<string, SentChild> | undefined, ages: readonly number[], now: number): void {
    this.#children = children && new Map(children);
    this.#incoming = undefined;
    this.#awaited = undefined;
    this.#ages = ages;
    this.#agesAt = now;
  }

  /** Begins to wait for all children of a leader. Until the answer with this token arrives, messages are ignored. */
  expectAll(token: string): void {
    this.#awaited = token;
    this.#incoming = undefined;
  }

  receive(message: Extract<InstanceMessage, { readonly type: 'copy' | 'child' | 'restarts' }>, now: number): void {
    if (message.type === 'copy') {
      if (message.token !== this.#awaited) return;
      this.#awaited = undefined;
      this.#incoming = new Map();
    }
    if (this.#awaited !== undefined || message.type === 'copy') return;
    if (message.type === 'restarts') {
      this.#children = this.#incoming ?? this.#children;
      this.#incoming = undefined;
      this.#ages = message.ages;
      this.#agesAt = now;
      return;
    }
    const children = this.#incoming ?? this.#children;
    if (message.child === null) children?.delete(message.childId);
    else children?.set(message.childId, message.child);
  }
}
