import { InvalidArgumentError, LinkOverloadedError, NodeNotConnectedError } from '../errors.js';
import { encodeItems } from './codec.js';
import { deliverInOrder } from './deliver-in-order.js';
import { Listeners } from './event-listeners.js';
import { JsonText } from './frame-body.js';
import { FEATURES, type ItemsFrame, type Peer, type Role } from './frames.js';
import type { MembershipChange } from './membership.js';
import { encodeMessage } from './message-body.js';
import type { NodeId } from './node-id.js';
import type { Requester } from './rpc.js';

/** `send` throws while at least this many bytes for the peer are unsent. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/** `sendEncoded` and `broadcast` do not throw for unsent bytes. Instead, they end a channel with at least this many. */
const MAX_BROADCAST_UNSENT_BYTES = 2 * MAX_UNSENT_BYTES;

/** The feature that a peer announces if it has channels. */
const [MESSAGES] = FEATURES;

/** A node at the other end of a channel. */
export interface ChannelPeer extends Peer {
  /** The life of the peer, which the refs of its processes contain. */
  readonly life: string;
}

/**
 * The ordered streams of items between this node and each connected member. For each peer, up and down events
 * alternate. The items of a channel arrive in the order in which they were sent. Only the last items before the down
 * event may be lost. A side closes the old channel before it receives an item of the next one. Items are plain JSON
 * data or {@link JsonText}.
 */
export interface Channels {
  /** The peers with an open channel. */
  peers(): readonly ChannelPeer[];
  /**
   * Calls `handler` when a channel opens. Returns a function that ends the subscription, as do the two methods below.
   */
  onUp(handler: (peer: ChannelPeer) => void): () => void;
  /** Calls `handler` when a channel closes. Items that were sent but have not arrived are lost. */
  onDown(handler: (peer: ChannelPeer) => void): () => void;
  /** Calls `handler` with the items of each frame that arrives. */
  onItems(handler: (peer: ChannelPeer, items: readonly unknown[]) => void): () => void;
  /**
   * Sends items in one frame.
   *
   * @throws NodeNotConnectedError without a channel, LinkOverloadedError while at least 8 MiB are unsent,
   * InvalidArgumentError or NotSerializableError for items that cannot be encoded
   */
  send(to: NodeId, items: readonly unknown[]): void;
  /**
   * Sends items that are already JSON text, in one frame. Transmits them at once, not at the end of the turn. If at
   * least 16 MiB are unsent, ends the channel instead. Does nothing if there is no channel.
   */
  sendEncoded(to: NodeId, items: readonly string[]): void;
  /** Returns how much data was sent to a node but has not been transmitted yet, bytes; 0 without a link. */
  unsent(to: NodeId): number;
  /** Ends the channel with a peer that sent invalid items, and its link. Both nodes then try to connect again. */
  end(peer: NodeId): void;
  /** Returns the connected member with this life if its version of noex has no channels; otherwise `undefined`. */
  withoutChannel(life: string): NodeId | undefined;
  /**
   * Sends items over all channels, encoded once. A channel with at least 16 MiB unsent ends instead.
   *
   * @throws InvalidArgumentError or NotSerializableError for items that cannot be encoded
   */
  broadcast(items: readonly unknown[]): void;
}

/** The methods of the node that {@link ChannelTable} uses. */
interface ChannelNode {
  supports(id: NodeId, feature: string): boolean;
  lifeOf(id: NodeId): string | undefined;
  /** The data that was sent to a peer but has not been transmitted yet, bytes. */
  backlog(id: NodeId): number;
  sendEncoded(to: Requester, text: string): boolean;
  sendNow(to: Peer, text: string): void;
  disconnect(id: NodeId): void;
}

interface ChannelTableOptions {
  /** The role of this node. An observer has no channels. */
  readonly role: Role;
  readonly onError: (error: Error) => void;
  /** Returns `undefined` while the cluster is not running. */
  readonly node: () => ChannelNode | undefined;
}

interface OpenChannel {
  readonly peer: ChannelPeer & Requester;
  /** The number of items sent over this channel. */
  sent: number;
  /** The number of items received over this channel. */
  received: number;
}

/** Implements {@link Channels}, plus the methods that only its owner calls. */
export class ChannelTable implements Channels {
  readonly #options: ChannelTableOptions;
  readonly #open = new Map<NodeId, OpenChannel>();
  /** Connected members that have not announced channels, by life. */
  readonly #withoutChannel = new Map<string, NodeId>();
  readonly #up: Listeners<[ChannelPeer]>;
  readonly #down: Listeners<[ChannelPeer]>;
  readonly #items: Listeners<[ChannelPeer, readonly unknown[]]>;
  // A listener may cause another event. All listeners must receive the current event first.
  readonly #deliver = deliverInOrder((deliver: () => void) => deliver());

  constructor(options: ChannelTableOptions) {
    this.#options = options;
    this.#up = new Listeners(options.onError);
    this.#down = new Listeners(options.onError);
    this.#items = new Listeners(options.onError);
  }

  peers(): readonly ChannelPeer[] {
    return [...this.#open.values()].map(({ peer }) => peer);
  }

  onUp(handler: (peer: ChannelPeer) => void): () => void {
    return this.#up.add(handler);
  }

  onDown(handler: (peer: ChannelPeer) => void): () => void {
    return this.#down.add(handler);
  }

  onItems(handler: (peer: ChannelPeer, items: readonly unknown[]) => void): () => void {
    return this.#items.add(handler);
  }

  /** Returns how many items were sent and received over the open channel with a node; `undefined` without one. */
  itemCounts(id: NodeId): { readonly sent: number; readonly received: number } | undefined {
    return this.#open.get(id);
  }

  send(to: NodeId, items: readonly unknown[]): void {
    const node = this.#options.node();
    const channel = this.#open.get(to);
    const text = frameOf(items);
    if (node === undefined || channel === undefined) throw new NodeNotConnectedError(to);
    if (node.backlog(to) >= MAX_UNSENT_BYTES) throw new LinkOverloadedError(to, MAX_UNSENT_BYTES);
    if (!node.sendEncoded(channel.peer, text)) throw new NodeNotConnectedError(to);
    channel.sent += items.length;
  }

  sendEncoded(to: NodeId, items: readonly string[]): void {
    const channel = this.#open.get(to);
    const node = this.#writable(channel);
    if (node === undefined || channel === undefined) return;
    channel.sent += items.length;
    node.sendNow(channel.peer, encodeItems(items));
  }

  unsent(to: NodeId): number {
    return this.#options.node()?.backlog(to) ?? 0;
  }

  end(peer: NodeId): void {
    this.#options.node()?.disconnect(peer);
  }

  withoutChannel(life: string): NodeId | undefined {
    return this.#withoutChannel.get(life);
  }

  broadcast(items: readonly unknown[]): void {
    const text = frameOf(items);
    for (const channel of [...this.#open.values()]) {
      const node = this.#writable(channel);
      if (node === undefined) continue;
      channel.sent += items.length;
      node.sendEncoded(channel.peer, text);
    }
  }

  /**
   * Returns the local node if more items may be sent over the channel; otherwise `undefined`. Ends a channel with too
   * many unsent bytes.
   */
  #writable(channel: OpenChannel | undefined): ChannelNode | undefined {
    const node = this.#options.node();
    if (channel === undefined || node === undefined) return undefined;
    if (node.backlog(channel.peer.id) < MAX_BROADCAST_UNSENT_BYTES) return node;
    node.disconnect(channel.peer.id);
    return undefined;
  }

  /** Applies a membership change. Must be called with every change, in order. */
  follow({ type, id, incarnation }: MembershipChange): void {
    if (type === 'down' || type === 'unlinked' || type === 'relinked') {
      this.#close(id);
      for (const [life, node] of this.#withoutChannel) if (node === id) this.#withoutChannel.delete(life);
    }
    if (type !== 'up' && type !== 'relinked') return;
    const { role } = this.#options;
    const node = this.#options.node();
    const life = node?.lifeOf(id);
    if (role !== 'member' || life === undefined) return;
    if (node?.supports(id, MESSAGES) !== true) {
      this.#withoutChannel.set(life, id);
      return;
    }
    const peer = { id, incarnation, life, role } as const;
    this.#open.set(id, { peer, sent: 0, received: 0 });
    this.#deliver(() => this.#up.emit(peer));
  }

  /** Passes the items of a frame to the listeners. Drops a frame from an incarnation without a channel. */
  receive({ id, incarnation }: Peer, { items }: ItemsFrame): void {
    const channel = this.#open.get(id);
    if (channel === undefined || channel.peer.incarnation !== incarnation) return;
    channel.received += items.length;
    this.#deliver(() => this.#items.emit(channel.peer, items));
  }

  #close(id: NodeId): void {
    const channel = this.#open.get(id);
    if (channel === undefined) return;
    this.#open.delete(id);
    this.#deliver(() => this.#down.emit(channel.peer));
  }
}

function frameOf(items: readonly unknown[]): string {
  if (!Array.isArray(items)) throw new InvalidArgumentError('items', 'an array', items);
  return encodeItems(items.map(textOf));
}

function textOf(item: unknown): string {
  if (item instanceof JsonText) return item.text;
  const { text, isAnnotated } = encodeMessage(item, 'items');
  if (isAnnotated) throw new InvalidArgumentError('items', 'plain JSON data', item);
  return text;
}
