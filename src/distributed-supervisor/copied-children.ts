import type { InstanceMessage, SentChild } from './supervision-protocol.js';

/** The children of a leader, as an instance that stands by knows them. */
export class CopiedChildren {
  #children: Map<string, SentChild> | undefined;
  /** The children received so far from a leader that is sending all its children. */
  #incoming: Map<string, SentChild> | undefined;
  #ages: readonly number[] = [];
  #agesAt = 0;

  /** All children in start order; `undefined` if no leader has sent all its children yet. */
  get children(): ReadonlyMap<string, SentChild> | undefined {
    return this.#children;
  }

  /** How long ago the counted restarts of the leader were, ms. @param now ms of the monotonic clock */
  agesAt(now: number): readonly number[] {
    return this.#ages.map((age) => age + now - this.#agesAt);
  }

  /** Keeps the children of this instance itself, which does not lead any more. */
  keep(children: ReadonlyMap<string, SentChild>, ages: readonly number[], now: number): void {
    this.#children = new Map(children);
    this.#ages = ages;
    this.#agesAt = now;
  }

  /** Called when this instance begins to follow a leader, which then sends all its children, and `restarts` last. */
  expectAll(): void {
    this.#incoming = new Map();
  }

  receive(message: Extract<InstanceMessage, { readonly type: 'child' | 'restarts' }>, now: number): void {
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
