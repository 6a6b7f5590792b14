import type { Clock } from '../clock.js';
import { NodeIdConflictError } from '../errors.js';
import { VERSION } from '../version.js';
import { decode } from './codec.js';
import type { EngineNode, EngineNodeOptions, StartNode } from './engine.js';
import { FEATURES, MAX_FRAME_BYTES } from './frames.js';
import * as membership from './membership.js';
import { NodeId } from './node-id.js';
import type { Requester } from './rpc.js';

/** A peer with this many unread characters misses notifications. */
const MAX_NOTIFIED_UNREAD = 1024 * 1024;

/** What one node has sent to another and the other has not read yet. */
interface Pipe {
  readonly frames: string[];
  unread: number;
}

/**
 * The cluster of one Node.js process: every node that starts on it is connected with every other, without sockets,
 * handshakes or seeds. For tests of what is built on a cluster.
 */
export class MemoryHub {
  readonly #nodes = new Map<NodeId, MemoryNode>();
  #lastPort = 10_000;

  /** The engine whose nodes meet on this hub. */
  readonly engine: StartNode = async (options) => {
    this.#lastPort += 1;
    const node = new MemoryNode(this, options, options.settings.listen.port || this.#lastPort);
    this.#join(node);
    return node;
  };

  get(id: NodeId): MemoryNode | undefined {
    return this.#nodes.get(id);
  }

  leave(node: MemoryNode): void {
    if (this.#nodes.get(node.id) === node) this.#nodes.delete(node.id);
  }

  /** Ends the connection between two nodes, as a lost network would; what is unread is lost. They connect again at once. */
  reconnect(first: MemoryNode, second: MemoryNode): void {
    first.lost(second.id);
    second.lost(first.id);
    first.meet(second);
  }

  /** Ends all connections between nodes, as {@link MemoryHub.reconnect}. */
  breakConnections(): void {
    const nodes = [...this.#nodes.values()];
    for (const [at, node] of nodes.entries()) for (const other of nodes.slice(at + 1)) this.reconnect(node, other);
  }

  #join(node: MemoryNode): void {
    const holder = this.#nodes.get(node.id);
    if (holder !== undefined) {
      for (const { options } of [holder, node]) options.onError(new NodeIdConflictError(node.id));
      return;
    }
    for (const other of this.#nodes.values()) node.meet(other);
    this.#nodes.set(node.id, node);
  }
}

class MemoryNode implements EngineNode {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly startedAt: number;
  readonly options: EngineNodeOptions;
  readonly #hub: MemoryHub;
  readonly #clock: Clock;
  /** What others have sent to this node, by sender; an entry for each connected peer. */
  readonly #inbound = new Map<NodeId, Pipe>();
  #membership = membership.emptyMembership;

  constructor(hub: MemoryHub, options: EngineNodeOptions, port: number) {
    const { settings, incarnation, clock } = options;
    this.#hub = hub;
    this.options = options;
    this.#clock = clock;
    this.id = NodeId.create(settings.nodeName, settings.advertise.host, settings.advertise.port ?? port);
    this.incarnation = incarnation;
    this.startedAt = clock.monotonic();
  }

  get peer(): Requester {
    return { id: this.id, incarnation: this.incarnation, role: this.options.role };
  }

  /** Connects with another node, in a turn of its own: both are up then, and neither before. */
  meet(other: MemoryNode): void {
    if (this.options.role === 'observer' && other.options.role === 'observer') return;
    this.#clock.setTimeout(() => {
      if (this.#hub.get(this.id) !== this || this.#hub.get(other.id) !== other) return;
      this.#up(other);
      other.#up(this);
    }, 0);
  }

  #up({ peer, id, options }: MemoryNode): void {
    if (this.#inbound.has(id)) return;
    this.#inbound.set(id, { frames: [], unread: 0 });
    if (options.role === 'member') this.#apply(membership.linkUp(this.#membership, peer, this.#now));
  }

  /** The connection with that peer is lost. */
  lost(id: NodeId): void {
    if (!this.#inbound.delete(id)) return;
    this.#apply(membership.linkDown(this.#membership, id, 'connection_closed', this.#now));
    if (this.#hub.get(id)?.options.role === 'observer') this.options.onObserverGone(id);
  }

  members(): readonly membership.KnownMember[] {
    return [...this.#membership.members.keys()].flatMap((id) => this.member(id) ?? []);
  }

  member(id: NodeId): membership.KnownMember | undefined {
    const member = this.#membership.members.get(id);
    if (member === undefined) return undefined;
    const other = this.#hub.get(id);
    const uptimeMs = other === undefined ? 0 : Math.round(this.#now - other.startedAt);
    const processCount = other?.options.processCount() ?? 0;
    return { ...member, lastHeardAt: this.#clock.now(), processCount, uptimeMs, version: VERSION };
  }

  isConnected(id: NodeId): boolean {
    return this.#membership.members.get(id)?.status === 'connected';
  }

  supports(id: NodeId, feature: string): boolean {
    return this.isConnected(id) && FEATURES.some((known) => known === feature);
  }

  backlog(id: NodeId): number {
    return this.#pipeTo(id)?.unread ?? 0;
  }

  hasRoom(id: NodeId): boolean {
    const pipe = this.#pipeTo(id);
    return pipe !== undefined && pipe.unread < MAX_NOTIFIED_UNREAD;
  }

  sendEncoded(to: NodeId | Requester, text: string): boolean {
    const id = typeof to === 'string' ? to : to.id;
    const other = this.#hub.get(id);
    const pipe = this.#pipeTo(id);
    const isOtherLife = typeof to !== 'string' && other?.incarnation !== to.incarnation;
    if (other === undefined || pipe === undefined || isOtherLife) return false;
    pipe.frames.push(text);
    pipe.unread += text.length;
    this.#clock.setTimeout(() => other.#read(this.peer, pipe), 0);
    return true;
  }

  publishEncoded(text: string): void {
    for (const id of this.#inbound.keys()) if (this.hasRoom(id)) this.sendEncoded(id, text);
  }

  disconnect(id: NodeId): void {
    const other = this.#hub.get(id);
    if (other !== undefined) this.#hub.reconnect(this, other);
  }

  async stop(): Promise<void> {
    this.#hub.leave(this);
    for (const id of [...this.#inbound.keys()]) {
      this.left(id);
      this.#hub.get(id)?.left(this.id);
    }
  }

  /** That peer has left, or this node leaves it. */
  left(id: NodeId): void {
    if (!this.#inbound.delete(id)) return;
    if (this.#hub.get(id)?.options.role === 'observer') this.options.onObserverGone(id);
    this.#apply(membership.left(this.#membership, id, this.#now));
  }

  #pipeTo(id: NodeId): Pipe | undefined {
    return this.#hub.get(id)?.inboundFrom(this.id);
  }

  inboundFrom(id: NodeId): Pipe | undefined {
    return this.#inbound.get(id);
  }

  #read(from: Requester, pipe: Pipe): void {
    // The connection has ended, or is another one by now.
    if (this.#inbound.get(from.id) !== pipe) return;
    const text = pipe.frames.shift();
    if (text === undefined) return;
    pipe.unread -= text.length;
    const frame = decode(text, { maxBytes: MAX_FRAME_BYTES });
    switch (frame.type) {
      case 'request':
        if (from.role === 'member' || this.options.isPublic(frame.method)) this.options.onFrame(from, frame);
        else this.disconnect(from.id);
        break;
      case 'reply':
      case 'failure':
      case 'notify':
      case 'items':
        if (from.role === 'member') this.options.onFrame(from, frame);
        else this.disconnect(from.id);
        break;
    }
  }

  get #now(): number {
    return this.#clock.monotonic();
  }

  #apply({ state, changes }: membership.Outcome): void {
    this.#membership = state;
    for (const change of changes) this.options.onChange(change);
  }
}
