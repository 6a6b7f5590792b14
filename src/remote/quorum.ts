import { InvalidClusterConfigError } from '../errors.js';
import { Alarm } from './alarm.js';
import { confirmedUntil } from './confirmed-until.js';

/** How much longer a node keeps a name reserved than the owner counts on that node, ms. Allows for late timers. */
const RESERVE_MARGIN_MS = 2000;

/** The minimum difference between the times of two pings, ms. It makes each time unique. */
const PING_STEP_MS = 0.001;

/**
 * The items with which nodes confirm that they see each other. A ping carries the time and the `minNodes` of its
 * sender, and for how long the sender counts an answer, ms. The echo returns the time of the ping. It also carries the
 * names of those claims of the pinging node that the echoing node does not confirm.
 */
export type QuorumItem =
  | readonly ['quorum_ping', at: number, minNodes: number, windowMs: number]
  | readonly ['quorum_echo', at: number, withheld: readonly string[]];

export interface QuorumSettings {
  readonly minNodes: number;
  /** How long an echo counts, from the time of its ping, ms. */
  readonly windowMs: number;
  /** The interval between two regular pings, ms. */
  readonly intervalMs: number;
}

export interface QuorumPorts {
  /** The current time, ms of the monotonic clock. */
  now(): number;
  /** Calls `action` after `ms`. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
  /** Sends an item to the node `to`, or without `to` to all nodes with a channel. */
  send(item: QuorumItem, to?: string): void;
  /** Must end the reservations for a node: all its claims have been received over a new channel. */
  synchronized(nodeId: string): void;
  /** Returns the names of the node's claims that this node does not confirm. */
  withheldFrom(nodeId: string): readonly string[];
  /**
   * Must record that a life confirms all claims that this node sent before its ping of time `at`, except `withheld`.
   */
  confirmed(life: string, at: number, withheld: readonly string[]): void;
  onError(error: Error): void;
}

interface Peer {
  readonly life: string;
  /** How long the peer counts an echo, ms; `undefined` before its first ping. */
  windowMs: number | undefined;
}

/**
 * Measures whether this node sees at least `minNodes` nodes, itself included. A node counts while the latest ping that
 * it has answered is younger than `windowMs`. The age of the answer does not matter, because it may have been delayed.
 *
 * A node that has just started has forgotten what it confirmed before. It neither counts itself nor answers pings until
 * no node can count on its earlier answers, or until it sees all nodes that a cluster with this `minNodes` can have.
 *
 * Without `minNodes`, there always is a quorum.
 */
export class Quorum {
  readonly #ports: QuorumPorts;
  readonly #alarm: Alarm;
  readonly #listeners = new Set<(hasQuorum: boolean) => void>();
  readonly #peers = new Map<string, Peer>();
  /** The time of the latest ping that each life has answered. */
  readonly #echoes = new Map<string, number>();
  /** The ids of the nodes whose `minNodes` differs from that of this node and has been reported. */
  readonly #reported = new Set<string>();
  #settings: QuorumSettings | undefined;
  #isFresh = false;
  #freshUntil = 0;
  #hadQuorum = true;
  #lastPing = 0;
  #cancelPing: (() => void) | undefined;
  #cancelExtraPing: (() => void) | undefined;

  constructor(ports: QuorumPorts) {
    this.#ports = ports;
    this.#alarm = new Alarm(ports, () => this.#check());
  }

  /** Starts measuring. Does nothing if `settings` is `undefined`: the cluster runs without `minNodes`. */
  start(settings: QuorumSettings | undefined): void {
    if (settings === undefined) return;
    this.#settings = settings;
    this.#freshUntil = this.#ports.now() + this.reserveMs;
    this.#isFresh = true;
    this.#lastPing = Math.max(this.#lastPing, this.#ports.now());
    this.#schedulePing();
    this.#check();
  }

  /**
   * Stops measuring, because this node leaves the cluster. Listeners are notified twice. First, the quorum is lost,
   * unless this node had none. Then this node has a quorum, because outside a cluster no minimum applies.
   */
  stop(): void {
    if (this.#settings === undefined) return;
    this.#become(false);
    this.#settings = undefined;
    this.#cancelPing?.();
    this.#cancelExtraPing?.();
    this.#cancelExtraPing = undefined;
    this.#alarm.cancel();
    this.#echoes.clear();
    this.#reported.clear();
    this.#become(true);
  }

  /** Whether this node sees enough nodes now. Always true without `minNodes`. */
  hasQuorum(): boolean {
    const settings = this.#settings;
    return settings === undefined || this.nodesSeen >= settings.minNodes;
  }

  /** Calls `listener` when the quorum is lost or reached. Returns a function that removes the listener. */
  onChange(listener: (hasQuorum: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The number of nodes that count now. Includes this node, unless it has just started. */
  get nodesSeen(): number {
    return this.count(this.#echoes.values());
  }

  /**
   * Returns how many nodes confirm something now. `times` has one entry for each other node: the time of the latest
   * ping that it answered with a confirmation. This node is counted, too, unless it has just started.
   */
  count(times: Iterable<number>): number {
    const after = this.#ports.now() - (this.#settings?.windowMs ?? 0);
    return [...times].filter((at) => at > after).length + (this.#countsItself ? 1 : 0);
  }

  /** Whether the cluster runs with `minNodes`. */
  get isRequired(): boolean {
    return this.#settings !== undefined;
  }

  get minNodes(): number {
    return this.#settings?.minNodes ?? 1;
  }

  /**
   * How long a node may still count on this node after the channel between them has ended, ms; 0 without `minNodes`.
   * For this time, this node must not take over what only one node of the cluster may do.
   */
  get reserveMs(): number {
    return this.#settings === undefined ? 0 : this.#settings.windowMs + RESERVE_MARGIN_MS;
  }

  /** As {@link Quorum.reserveMs}, for one node: its `windowMs` may be longer than that of this node. */
  reserveMsFor(nodeId: string): number {
    const windowMs = this.#peers.get(nodeId)?.windowMs ?? 0;
    return this.reserveMs === 0 ? 0 : Math.max(this.reserveMs, windowMs + RESERVE_MARGIN_MS);
  }

  /** The time of the latest ping of this node, ms of the monotonic clock. */
  get lastPing(): number {
    return this.#lastPing;
  }

  /**
   * Returns until when enough nodes confirm a claim, ms of the monotonic clock. `times` is as for {@link Quorum.count}.
   * Infinity without `minNodes`; -Infinity if too few nodes have confirmed it at all.
   */
  until(times: Iterable<number>): number {
    if (this.#settings === undefined) return Number.POSITIVE_INFINITY;
    const { minNodes, windowMs } = this.#settings;
    return confirmedUntil(times, minNodes - (this.#countsItself ? 1 : 0), windowMs);
  }

  /** Pings all nodes shortly after this turn, so that they confirm the claims that this turn sends. */
  pingSoon(): void {
    if (this.#settings === undefined) return;
    this.#cancelExtraPing ??= this.#ports.after(0, () => {
      this.#cancelExtraPing = undefined;
      this.#ping();
    });
  }

  /** Adds a node and pings it. All claims must have been sent over its new channel before. */
  up(nodeId: string, life: string): void {
    this.#peers.set(nodeId, { life, windowMs: undefined });
    this.#ping(nodeId);
  }

  /** Removes a node whose channel has ended. Its latest answer still counts until it is too old. */
  down(nodeId: string): void {
    this.#peers.delete(nodeId);
  }

  receive(nodeId: string, item: QuorumItem): void {
    const peer = this.#peers.get(nodeId);
    if (peer === undefined || this.#settings === undefined) return;
    if (item[0] === 'quorum_ping') {
      this.#receivePing(nodeId, peer, item[1], item[2], item[3]);
      return;
    }
    const [, at, withheld] = item;
    // Ignores the answer to a ping that this node never sent.
    if (at > this.#lastPing) return;
    this.#echoes.set(peer.life, Math.max(at, this.#echoes.get(peer.life) ?? at));
    this.#ports.confirmed(peer.life, at, withheld);
    this.#check();
  }

  #receivePing(nodeId: string, peer: Peer, at: number, minNodes: number, windowMs: number): void {
    const isFirst = peer.windowMs === undefined;
    peer.windowMs = windowMs;
    if (isFirst) {
      this.#compare(nodeId, minNodes);
      this.#ports.synchronized(nodeId);
      this.#check();
    }
    if (this.#countsItself) this.#ports.send(['quorum_echo', at, this.#ports.withheldFrom(nodeId)], nodeId);
  }

  #compare(nodeId: string, minNodes: number): void {
    if (minNodes === this.minNodes || this.#reported.has(nodeId)) return;
    this.#reported.add(nodeId);
    const problem = `is ${this.minNodes} here and ${minNodes} on node ${nodeId}; set the same on all nodes`;
    this.#ports.onError(new InvalidClusterConfigError('minNodes', problem));
  }

  get #countsItself(): boolean {
    return this.#settings === undefined || !this.#isFresh;
  }

  /**
   * Whether this node has received the claims of all nodes that a cluster with this `minNodes` can have. `minNodes` is
   * more than half of these nodes, so there are at most 2 * `minNodes` - 2 others.
   */
  #seesAll(): boolean {
    const lives = new Set<string>();
    for (const { life, windowMs } of this.#peers.values()) if (windowMs !== undefined) lives.add(life);
    return lives.size >= 2 * this.minNodes - 2;
  }

  #schedulePing(): void {
    this.#cancelPing = this.#ports.after(this.#settings?.intervalMs ?? 0, () => {
      this.#schedulePing();
      this.#ping();
    });
  }

  #ping(to?: string): void {
    if (this.#settings === undefined) return;
    const { minNodes, windowMs } = this.#settings;
    this.#lastPing = Math.max(this.#ports.now(), this.#lastPing + PING_STEP_MS);
    this.#ports.send(['quorum_ping', this.#lastPing, minNodes, windowMs], to);
  }

  #check(): void {
    const now = this.#ports.now();
    if (this.#isFresh && (now >= this.#freshUntil || this.#seesAll())) this.#isFresh = false;
    if (this.#isFresh) this.#alarm.set(this.#freshUntil);
    const until = this.until(this.#echoes.values());
    if (until > now) this.#alarm.set(until);
    this.#become(this.hasQuorum());
  }

  #become(hasQuorum: boolean): void {
    if (this.#hadQuorum === hasQuorum) return;
    this.#hadQuorum = hasQuorum;
    for (const listener of [...this.#listeners]) listener(hasQuorum);
  }
}
