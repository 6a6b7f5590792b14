import type { Timer } from '../clock.js';
import { HandshakeError, NodeIdConflictError } from '../errors.js';
import { VERSION } from '../version.js';
import { decode } from './codec.js';
import type { EngineNode, EngineNodeOptions, StartNode } from './engine.js';
import { FEATURES, isDelivered, MAX_FRAME_BYTES, type Peer } from './frames.js';
import * as membership from './membership.js';
import { NodeId } from './node-id.js';
import type { Requester } from './rpc.js';

/** A peer gets no notifications while at least this many characters for it are unread. */
const MAX_NOTIFIED_UNREAD = 1024 * 1024;

/** The lowest port that the hub assigns to a node with port 0. Every start of a node raises the next port by 1. */
const FIRST_PORT = 10_000;

/** The connection between two nodes. */
class MemoryLink {
  readonly ends: readonly [MemoryNode, MemoryNode];
  /** The number of characters that were sent to each of the two nodes, and that the node has not read yet. */
  readonly unread = new Map<MemoryNode, number>();
  /** Whether the link broke, as in a network failure: unread frames are lost. Stays `false` when a node leaves. */
  isBroken = false;

  constructor(first: MemoryNode, second: MemoryNode) {
    this.ends = [first, second];
  }

  other(node: MemoryNode): MemoryNode {
    const [first, second] = this.ends;
    return node === first ? second : first;
  }
}

/**
 * A cluster within one Node.js process, for tests of code built on a cluster. Every node started on it is connected
 * with every other, without sockets, handshakes or seeds. Observers are connected with members only.
 */
export class MemoryHub {
  /** The nodes in start order. Of several nodes with the same id, the first holds the id and the others wait. */
  readonly #nodes: MemoryNode[] = [];
  readonly #links = new Set<MemoryLink>();
  #lastPort = FIRST_PORT - 1;

  /** The engine of this hub. Starts a node that is connected with the other nodes of the hub in a later turn. */
  readonly engine: StartNode = async (options) => {
    this.#lastPort += 1;
    const node = new MemoryNode(this, options, options.settings.listen.port || this.#lastPort);
    this.#join(node);
    return node;
  };

  /** Ends all connections, as a network failure would; unread frames are lost. The nodes reconnect at once. */
  breakConnections(): void {
    for (const link of [...this.#links]) this.break(link);
  }

  /** Ends one link; both nodes see it go down, and a new link replaces it. */
  break(link: MemoryLink): void {
    if (!this.#links.delete(link)) return;
    link.isBroken = true;
    for (const node of link.ends) node.post(() => node.down(link, 'connection_closed'));
    this.#connect(...link.ends);
  }

  /** Removes a node. The next node that waits for its id, if any, connects. */
  leave(node: MemoryNode): void {
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    for (const link of [...this.#links]) {
      if (!link.ends.includes(node)) continue;
      this.#links.delete(link);
      const other = link.other(node);
      // Posted as an event, so that the other node handles the end of the link after all frames that were sent before.
      other.post(() => other.left(link));
    }
    const next = this.#holder(node.id);
    if (next !== undefined) this.#connectToAll(next);
  }

  #join(node: MemoryNode): void {
    const holder = this.#holder(node.id);
    this.#nodes.push(node);
    if (holder === undefined) this.#connectToAll(node);
    else for (const { options } of [holder, node]) options.onError(new NodeIdConflictError(node.id));
  }

  /** Returns the node that holds an id: the first of several with the same id. */
  #holder(id: NodeId): MemoryNode | undefined {
    return this.#nodes.find((node) => node.id === id);
  }

  #connectToAll(node: MemoryNode): void {
    for (const other of this.#nodes) if (other !== node && this.#holder(other.id) === other) this.#connect(node, other);
  }

  #connect(first: MemoryNode, second: MemoryNode): void {
    if (first.options.role === 'observer' && second.options.role === 'observer') return;
    const link = new MemoryLink(first, second);
    this.#links.add(link);
    for (const node of link.ends) node.post(() => node.up(link));
  }
}

class MemoryNode implements EngineNode {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly startedAt: number;
  readonly options: EngineNodeOptions;
  readonly #hub: MemoryHub;
  /** The pending events of this node, in order. */
  readonly #events: (() => void)[] = [];
  readonly #links = new Map<NodeId, MemoryLink>();
  /** The members by id. This engine has no heartbeats: it reads their values from these objects. */
  readonly #peers = new Map<NodeId, MemoryNode>();
  #timer: Timer | undefined;
  #isStopped = false;
  #membership = membership.emptyMembership;

  constructor(hub: MemoryHub, options: EngineNodeOptions, port: number) {
    const { settings, incarnation, clock } = options;
    this.#hub = hub;
    this.options = options;
    this.id = NodeId.create(settings.nodeName, settings.advertise.host, settings.advertise.port ?? port);
    this.incarnation = incarnation;
    this.startedAt = clock.monotonic();
  }

  get peer(): Requester {
    return { id: this.id, incarnation: this.incarnation, role: this.options.role };
  }

  /** Runs an event in a later turn, after all events posted before. */
  post(event: () => void): void {
    if (this.#isStopped) return;
    this.#events.push(event);
    this.#timer ??= this.options.clock.setTimeout(() => this.#runEvents(), 0);
  }

  #runEvents(): void {
    this.#timer = undefined;
    for (const event of this.#events.splice(0)) if (!this.#isStopped) event();
  }

  up(link: MemoryLink): void {
    const other = link.other(this);
    this.#links.set(other.id, link);
    if (other.options.role === 'observer') return;
    this.#peers.set(other.id, other);
    const { description } = other.options.settings;
    this.#apply(membership.linkUp(this.#membership, other.peer, this.#now, description));
  }

  down(link: MemoryLink, reason: membership.NodeDownReason): void {
    if (this.#forgetLink(link))
      this.#apply(membership.linkDown(this.#membership, link.other(this).id, reason, this.#now));
  }

  /** Handles the end of a link because the other node has left the cluster, or this node leaves it. */
  left(link: MemoryLink): void {
    const { id } = link.other(this);
    if (!this.#forgetLink(link)) return;
    this.#apply(membership.left(this.#membership, id, this.#now));
    this.#peers.delete(id);
  }

  /** Removes a link. Returns whether it was in use. */
  #forgetLink(link: MemoryLink): boolean {
    const { id, options } = link.other(this);
    if (this.#links.get(id) !== link) return false;
    this.#links.delete(id);
    if (options.role === 'observer') this.options.onObserverGone(id);
    return true;
  }

  members(): readonly membership.KnownMember[] {
    return [...this.#membership.members.keys()].flatMap((id) => this.member(id) ?? []);
  }

  member(id: NodeId): membership.KnownMember | undefined {
    const member = this.#membership.members.get(id);
    const other = this.#peers.get(id);
    if (member === undefined || other === undefined) return undefined;
    const uptimeMs = Math.round(this.#now - other.startedAt);
    const lastHeardAt = this.options.clock.now();
    return { ...member, lastHeardAt, processCount: other.options.processCount(), uptimeMs, version: VERSION };
  }

  isConnected(id: NodeId): boolean {
    return this.#membership.members.get(id)?.status === 'connected';
  }

  supports(id: NodeId, feature: string): boolean {
    return this.isConnected(id) && FEATURES.some((known) => known === feature);
  }

  lifeOf(id: NodeId): string | undefined {
    return this.#peers.get(id)?.options.life;
  }

  /** Always `undefined`: within one Node.js process, there is no network to measure. */
  link(): undefined {
    return undefined;
  }

  backlog(id: NodeId): number {
    const link = this.#links.get(id);
    return link?.unread.get(link.other(this)) ?? 0;
  }

  hasRoom(id: NodeId): boolean {
    return this.#links.has(id) && this.backlog(id) < MAX_NOTIFIED_UNREAD;
  }

  sendEncoded(to: NodeId | Requester, text: string): boolean {
    const link = this.#links.get(typeof to === 'string' ? to : to.id);
    const other = link?.other(this);
    if (link === undefined || other === undefined) return false;
    if (typeof to !== 'string' && to.incarnation !== other.incarnation) return false;
    link.unread.set(other, (link.unread.get(other) ?? 0) + text.length);
    other.post(() => {
      link.unread.set(other, (link.unread.get(other) ?? 0) - text.length);
      other.read(link, text);
    });
    return true;
  }

  sendNow(to: Peer, text: string): void {
    this.sendEncoded({ ...to, role: 'member' }, text);
  }

  publishEncoded(text: string): void {
    for (const id of this.#links.keys()) if (this.hasRoom(id)) this.sendEncoded(id, text);
  }

  disconnect(id: NodeId): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#hub.break(link);
    this.down(link, 'connection_closed');
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== undefined) this.options.clock.clearTimeout(this.#timer);
    this.#hub.leave(this);
    for (const link of [...this.#links.values()]) this.left(link);
  }

  /** Handles a frame from the other side, unless the connection has ended since. */
  read(link: MemoryLink, text: string): void {
    const { peer } = link.other(this);
    if (link.isBroken || this.#links.get(peer.id) !== link) return;
    const frame = decode(text, { maxBytes: MAX_FRAME_BYTES });
    if (!isDelivered(frame)) return;
    const isRequest = frame.type === 'request';
    if (peer.role === 'member' || (isRequest && this.options.isPublic(frame.method))) {
      this.options.onFrame(peer, frame);
      return;
    }
    const problem = `an observer may not send ${isRequest ? `a request of ${frame.method}` : frame.type}`;
    this.options.onError(new HandshakeError(peer.id, 'not_permitted', problem));
    this.disconnect(peer.id);
  }

  get #now(): number {
    return this.options.clock.monotonic();
  }

  #apply({ state, changes }: membership.Outcome): void {
    this.#membership = state;
    for (const change of changes) this.options.onChange(change);
  }
}
