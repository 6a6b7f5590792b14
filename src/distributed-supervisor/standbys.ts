import type { LeaderEffect } from './leader-effects.js';
import type { InstanceMessage, SentChild } from './supervision-protocol.js';

interface StandbysPorts {
  send(node: string, message: InstanceMessage): void;
  /** All children of the leader, in start order. */
  children(): ReadonlyMap<string, SentChild>;
  child(childId: string): SentChild | undefined;
  /** How long ago the counted restarts of the leader were, ms. */
  restartAges(): readonly number[];
}

/** Knows the nodes on which other instances stand by, and sends them what the leader knows of its children. */
export class Standbys {
  readonly #ports: StandbysPorts;
  readonly #nodes = new Set<string>();

  constructor(ports: StandbysPorts) {
    this.#ports = ports;
  }

  get areNone(): boolean {
    return this.#nodes.size === 0;
  }

  /**
   * Adds a node, and sends it all children and the ages of the counted restarts.
   *
   * @param token the token of the node's request
   */
  add(node: string, token: string): void {
    this.#nodes.add(node);
    this.#ports.send(node, { type: 'copy', token });
    for (const [childId, child] of this.#ports.children()) this.#ports.send(node, { type: 'child', childId, child });
    this.#ports.send(node, { type: 'restarts', ages: this.#ports.restartAges() });
  }

  remove(node: string): void {
    this.#nodes.delete(node);
  }

  /** Sends the children and restarts that these effects have changed to all nodes. */
  update(effects: readonly LeaderEffect[]): void {
    if (this.areNone) return;
    const added = effects.flatMap((effect) => (effect.type === 'added' ? [effect.childId] : []));
    // Removes an older copy with the same id first, because the new child has another place in the start order.
    for (const childId of added) this.#sendToAll({ type: 'child', childId, child: null });
    const changed = effects.flatMap((effect) => (effect.type === 'changed' ? [effect.childId] : []));
    for (const childId of new Set([...added, ...changed]))
      this.#sendToAll({ type: 'child', childId, child: this.#ports.child(childId) ?? null });
    const isCounted = effects.some(({ type }) => type === 'counted');
    if (isCounted) this.#sendToAll({ type: 'restarts', ages: this.#ports.restartAges() });
  }

  /** Ends the instances on all these nodes, because the supervisor has ended for good. */
  end(): void {
    this.#sendToAll({ type: 'ended' });
    this.#nodes.clear();
  }

  #sendToAll(message: InstanceMessage): void {
    for (const node of this.#nodes) this.#ports.send(node, message);
  }
}
