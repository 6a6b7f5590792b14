import type { Timer } from '../../clock.js';
import { NodeIdConflictError } from '../../errors.js';
import { VERSION } from '../../version.js';
import type { EngineNode, EngineNodeOptions } from '../engine.js';
import { FEATURES, type Peer as PeerIdentity, PROTOCOL_VERSION } from '../frames.js';
import type { LinkState } from '../link-figures.js';
import type { KnownMember } from '../membership.js';
import { nonEmptyParts } from '../node-description.js';
import type { NodeId } from '../node-id.js';
import type { Requester } from '../rpc.js';
import type { Broker, BrokerMessage, ConnectBroker } from './broker.js';
import { IdClaim } from './id-claim.js';
import { encodeMessage, type Hello, type Message } from './messages.js';
import { PeerTable } from './peer-table.js';
import { Presence } from './presence.js';
import { Receiver } from './receiver.js';
import { idOf, type PeerName, Subjects } from './subjects.js';

/** A peer gets no notifications while at least this many bytes for it are not acknowledged. */
const MAX_NOTIFIED_BACKLOG = 1024 * 1024;

/** How long a node that stops waits until its frames have been transmitted, ms. */
const DRAIN_MS = 1000;

export interface NatsNodeOptions extends EngineNodeOptions {
  readonly connect: ConnectBroker;
  readonly cluster: string;
  /** Returns a random number from 0 up to 1. */
  readonly random: () => number;
}

/** One node of a cluster whose nodes are connected through a broker. */
export class NatsNode implements EngineNode {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly startedAt: number;
  readonly #options: NatsNodeOptions;
  readonly #broker: Broker;
  readonly #subjects: Subjects;
  readonly #self: PeerName;
  readonly #peers: PeerTable;
  readonly #claim: IdClaim | undefined;
  readonly #presence: Presence;
  readonly #receiver: Receiver;
  readonly #timers = new Set<Timer>();
  #subscriptions: (() => void)[] = [];
  #isStopped = false;

  /** Connects a node. Rejects with EngineUnreachableError. */
  static async start(options: NatsNodeOptions): Promise<NatsNode> {
    let node: NatsNode | undefined;
    const { onError } = options;
    const broker = await options.connect(options.settings.nodeName, {
      onConnection: (isConnected) => {
        if (node !== undefined) node.#connectionChanged(isConnected);
      },
      onError,
    });
    node = new NatsNode(options, broker);
    await node.#begin();
    return node;
  }

  private constructor(options: NatsNodeOptions, broker: Broker) {
    const { settings, incarnation, clock, cluster, role } = options;
    this.#options = options;
    this.#broker = broker;
    this.#subjects = new Subjects(cluster);
    this.#self = { role, name: settings.nodeName };
    this.id = idOf(this.#self, cluster);
    this.incarnation = incarnation;
    this.startedAt = clock.monotonic();
    this.#peers = new PeerTable({
      ...options,
      maxPayload: broker.maxPayload,
      isConnected: () => broker.isConnected,
      publish: (to, payload) => this.#publishTo(to, payload),
      hello: (asks) => this.#hello(asks),
    });
    this.#presence = new Presence({
      ...options,
      self: this.#self,
      broker,
      subjects: this.#subjects,
      peers: this.#peers,
      announce: () => this.#announce(false),
      guarded: (message, receive) => this.#receiver.guarded(message, receive),
    });
    this.#claim = role === 'member' ? this.#createClaim() : undefined;
    this.#receiver = new Receiver({
      ...options,
      self: this.#self,
      peers: this.#peers,
      onLost: (lost) => this.#presence.reportedLost(lost),
      onBounced: (peer) => this.#presence.bounced(peer),
      onRival: (rival) => this.#conflict(rival),
      after: (ms, action) => this.#after(ms, action),
    });
  }

  async #begin(): Promise<void> {
    // The caller must have this node before anything arrives: nothing may be awaited after the node has joined.
    if (this.#claim === undefined || (await this.#claim.begin())) this.#join();
  }

  #createClaim(): IdClaim {
    const { settings, clock, random, life, onError } = this.#options;
    const report = (): void => onError(new NodeIdConflictError(this.id));
    return new IdClaim({
      broker: this.#broker,
      clock,
      subjects: this.#subjects,
      backoff: settings.backoff,
      random,
      patienceMs: settings.detector.intervalMs * settings.detector.missThreshold,
      name: this.#self.name,
      incarnation: this.incarnation,
      life,
      onHeld: () => this.#join(),
      onRefused: () => {
        report();
        this.#leave();
      },
      onRival: report,
    });
  }

  /** Subscribes to everything, then says hello: so nothing that is sent to this node afterwards is lost. */
  #join(): void {
    const { role } = this.#self;
    const receiver = this.#receiver;
    const on = (subject: string, receive: (message: BrokerMessage) => void): void => {
      this.#subscriptions.push(this.#broker.subscribe(subject, (message) => receiver.guarded(message, receive)));
    };
    on(this.#subjects.inbox(this.#self), (message) => receiver.direct(message));
    on(this.#subjects.all(), (message) => receiver.toAll(message));
    if (role === 'member') on(this.#subjects.look(), (message) => receiver.fromObserver(message));
    this.#announce(true);
    this.#presence.start();
  }

  /** Leaves the cluster: because this node stops, or because another node has its id. */
  #leave(): void {
    if (this.#subscriptions.length === 0) return;
    this.#publishToAll({ type: 'leave', incarnation: this.incarnation });
    this.#presence.stop();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#subscriptions = [];
    this.#peers.clear();
  }

  members(): readonly KnownMember[] {
    return this.#peers.knownMembers();
  }

  member(id: NodeId): KnownMember | undefined {
    return this.#peers.known(id);
  }

  isConnected(id: NodeId): boolean {
    return this.#peers.status(id) === 'connected';
  }

  supports(id: NodeId, feature: string): boolean {
    return this.#peers.find(id)?.supports(feature) ?? false;
  }

  lifeOf(id: NodeId): string | undefined {
    return this.#peers.find(id)?.life;
  }

  backlog(id: NodeId): number {
    return this.#peers.find(id)?.link.backlog ?? 0;
  }

  link(id: NodeId): LinkState | undefined {
    return this.#peers.find(id)?.link.totals;
  }

  hasRoom(id: NodeId): boolean {
    const peer = this.#peers.find(id);
    if (peer === undefined || !peer.link.isOpen || !this.#broker.isConnected) return false;
    return peer.link.backlog < MAX_NOTIFIED_BACKLOG;
  }

  sendEncoded(to: NodeId | Requester, text: string): boolean {
    const peer = this.#peers.find(to);
    if (peer === undefined || !peer.link.isOpen) return false;
    peer.link.send(text);
    return true;
  }

  sendNow(to: PeerIdentity, text: string): void {
    this.sendEncoded({ ...to, role: 'member' }, text);
  }

  publishEncoded(text: string): void {
    for (const { id } of this.#peers.all) if (this.hasRoom(id)) this.sendEncoded(id, text);
  }

  disconnect(id: NodeId): void {
    const peer = this.#peers.find(id);
    if (peer !== undefined) this.#peers.reset(peer);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#drained();
    this.#claim?.stop();
    this.#leave();
    for (const timer of this.#timers) this.#options.clock.clearTimeout(timer);
    this.#timers.clear();
    await this.#broker.close();
  }

  /** Resolves when all frames have been transmitted, or after {@link DRAIN_MS}. */
  #drained(): Promise<void> {
    const isFlushed = (): boolean => this.#peers.all.every(({ link }) => link.isFlushed);
    return new Promise((resolve) => {
      const wait = (leftMs: number): void => {
        if (isFlushed() || leftMs <= 0) resolve();
        else this.#after(10, () => wait(leftMs - 10));
      };
      wait(DRAIN_MS);
    });
  }

  #conflict(rival: { readonly incarnation: number; readonly life: string }): void {
    if (this.#claim?.yields(rival)) return;
    this.#options.onError(new NodeIdConflictError(this.id));
    this.#announce(false);
  }

  #connectionChanged(isConnected: boolean): void {
    if (this.#isStopped) return;
    this.#presence.connectionChanged(isConnected);
    if (!isConnected) return;
    if (this.#subscriptions.length > 0) this.#announce(true);
    for (const { link } of this.#peers.all) link.connected(this.#options.clock.monotonic());
  }

  #hello(asks: boolean): Hello {
    const { settings, life } = this.#options;
    const build = { version: VERSION, features: FEATURES, life, ...nonEmptyParts(settings.description) };
    return { type: 'hello', protocol: PROTOCOL_VERSION, asks, ...this.#presence.vitals(), ...build };
  }

  #announce(asks: boolean): void {
    this.#publishToAll(this.#hello(asks));
  }

  #publishToAll(message: Message): void {
    const { name, role } = this.#self;
    const subject = role === 'member' ? this.#subjects.all(name) : this.#subjects.look(name);
    this.#broker.publish(subject, encodeMessage(message));
  }

  #publishTo(to: PeerName, payload: Uint8Array): void {
    this.#broker.publish(this.#subjects.direct(to, this.#self), payload, this.#subjects.bounce(to, this.#self));
  }

  #after(ms: number, action: () => void): void {
    const timer = this.#options.clock.setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }
}
