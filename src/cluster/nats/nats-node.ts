import type { Timer } from '../../clock.js';
import { asError, NodeIdConflictError, ProtocolError } from '../../errors.js';
import { VERSION } from '../../version.js';
import type { EngineNode, EngineNodeOptions } from '../engine.js';
import { checkPeer, lateness } from '../failure-detector.js';
import { FEATURES, type Peer as PeerIdentity, PROTOCOL_VERSION } from '../frames.js';
import type { LinkState } from '../link-figures.js';
import type { KnownMember } from '../membership.js';
import { nonEmptyParts } from '../node-description.js';
import { NodeId } from '../node-id.js';
import type { Requester } from '../rpc.js';
import type { Broker, BrokerMessage, ConnectBroker } from './broker.js';
import { isEnvelope } from './envelope.js';
import { IdClaim } from './id-claim.js';
import { decodeMessage, encodeMessage, type Hello, type Message } from './messages.js';
import type { Peer } from './peer.js';
import { PeerTable } from './peer-table.js';
import { originOf, type PeerName, Subjects, senderOf } from './subjects.js';
import { watchedBy } from './watch-ring.js';

/** A peer gets no notifications while at least this many bytes for it are not acknowledged. */
const MAX_NOTIFIED_BACKLOG = 1024 * 1024;

/** With each of this many heartbeats, a node also says hello to all. */
const BEATS_PER_HELLO = 10;

/** The interval of heartbeats grows by this for each node, so that all nodes together send at most 100 a second; ms. */
const INTERVAL_PER_NODE_MS = 10;

/** Answers to a hello are spread over this time for each node, ms. */
const ANSWER_PER_NODE_MS = 1;

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
  readonly #watched = new Map<string, () => void>();
  readonly #timers = new Set<Timer>();
  #subscriptions: (() => void)[] = [];
  #beats = 0;
  #lastBeatAt: number;
  #disconnectedAt: number | undefined;
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
    this.id = NodeId.inCluster(settings.nodeName, cluster);
    this.incarnation = incarnation;
    this.startedAt = clock.monotonic();
    this.#lastBeatAt = this.startedAt;
    this.#peers = new PeerTable({
      ...options,
      maxPayload: broker.maxPayload,
      publish: (to, payload) => this.#publishTo(to, payload),
      hello: (asks) => this.#hello(asks),
    });
    this.#claim = role === 'member' ? this.#createClaim() : undefined;
  }

  async #begin(): Promise<void> {
    // The caller must have this node before anything arrives: nothing may be awaited after the node has joined.
    if (this.#claim === undefined || (await this.#claim.begin())) this.#join();
    this.#scheduleBeat();
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
    const on = (subject: string, receive: (message: BrokerMessage) => void): void => {
      this.#subscriptions.push(this.#broker.subscribe(subject, (message) => this.#guarded(message, receive)));
    };
    on(this.#subjects.inbox(this.#self), (message) => this.#onInbox(message));
    on(this.#subjects.all(), (message) => this.#onAll(message));
    if (role === 'member') on(this.#subjects.look(), (message) => this.#onLook(message));
    else on(this.#subjects.beat(), (message) => this.#onBeat(message));
    this.#announce(true);
  }

  /** Leaves the cluster: because this node stops, or because another node has its id. */
  #leave(): void {
    if (this.#subscriptions.length === 0) return;
    this.#publishToAll({ type: 'leave', incarnation: this.incarnation });
    for (const unsubscribe of [...this.#subscriptions, ...this.#watched.values()]) unsubscribe();
    this.#subscriptions = [];
    this.#watched.clear();
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

  #guarded(message: BrokerMessage, receive: (message: BrokerMessage) => void): void {
    try {
      receive(message);
    } catch (thrown) {
      const origin = originOf(message.subject);
      const peer = origin && this.#peers.get(origin);
      if (!(thrown instanceof ProtocolError) || peer === undefined) this.#options.onError(asError(thrown));
      else this.#peers.violated(peer, thrown.reason, thrown.message);
    }
  }

  #onInbox({ subject, payload, isBounce }: BrokerMessage): void {
    const origin = originOf(subject);
    if (origin === undefined) return;
    const peer = this.#peers.get(origin);
    if (origin.isBounce) {
      // Only the broker reports this: a message without its mark may come from anyone.
      if (isBounce && peer !== undefined) this.#peers.lost(peer, 'connection_closed');
    } else if (isEnvelope(payload)) {
      if (peer === undefined) this.#peers.introduce(origin, true);
      else this.#peers.receiveFrame(peer, payload);
    } else {
      const message = decodeMessage(payload);
      if (message?.type === 'hello') this.#greeted(origin, message);
      else if (message !== undefined && 'to' in message) this.#receive(origin, peer, message);
    }
  }

  #receive(origin: PeerName, peer: Peer | undefined, message: Extract<Message, { to: number }>): void {
    if (message.to !== this.incarnation) return;
    if (peer?.incarnation === message.incarnation) this.#peers.receive(peer, message);
    else if (peer === undefined) this.#peers.introduce(origin, true);
  }

  #onAll({ subject, payload }: BrokerMessage): void {
    const name = senderOf(subject);
    const message = decodeMessage(payload);
    if (message === undefined) return;
    if (name === this.#self.name && this.#self.role === 'member') {
      const { incarnation } = message;
      if (message.type === 'hello' && message.life !== undefined && message.life !== this.#options.life)
        this.#conflict({ incarnation, life: message.life });
      return;
    }
    if (message.type === 'hello') this.#greeted({ role: 'member', name }, message);
    else if (message.type === 'leave') this.#peers.left({ role: 'member', name }, message.incarnation);
    else if (message.type === 'lost') this.#reportedLost(message);
  }

  #onLook({ subject, payload }: BrokerMessage): void {
    const name = { role: 'observer', name: senderOf(subject) } as const;
    const message = decodeMessage(payload);
    if (message?.type === 'hello') this.#greeted(name, message);
    else if (message?.type === 'leave') this.#peers.left(name, message.incarnation);
  }

  #onBeat({ subject, payload }: BrokerMessage): void {
    const { clock } = this.#options;
    const name = { role: 'member', name: senderOf(subject) } as const;
    const message = decodeMessage(payload);
    if (message?.type !== 'beat') return;
    const peer = this.#peers.get(name);
    if (peer?.incarnation === message.incarnation) {
      peer.beaten(message, clock.monotonic(), clock.now());
      if (peer.link.isOpen || peer.isResetting) return;
    }
    this.#peers.introduce(name, true);
  }

  #greeted(name: PeerName, hello: Hello): void {
    const isNew = this.#peers.greeted(name, hello) !== undefined;
    if (!hello.asks && !isNew) return;
    // Spread over some time, so that a node that joins is not flooded.
    this.#after(this.#options.random() * ANSWER_PER_NODE_MS * this.#peers.members.length, () => {
      const peer = this.#peers.get(name);
      if (peer?.incarnation === hello.incarnation && (hello.asks || !peer.isIntroduced))
        this.#peers.introduce(name, false);
    });
  }

  #conflict(rival: { readonly incarnation: number; readonly life: string }): void {
    if (this.#claim?.yields(rival)) return;
    this.#options.onError(new NodeIdConflictError(this.id));
    this.#announce(false);
  }

  /** Another node has not heard a node for too long. A node that hears it itself knows better. */
  #reportedLost({ name, incarnation }: { readonly name: string; readonly incarnation: number }): void {
    if (name === this.#self.name) {
      if (incarnation === this.incarnation) this.#announce(false);
      return;
    }
    const peer = this.#peers.get({ role: 'member', name });
    if (peer?.incarnation !== incarnation) return;
    const silentMs = this.#options.clock.monotonic() - peer.activity.receivedAt;
    const isWatched = this.#watched.has(name) || this.#self.role === 'observer';
    if (!isWatched || silentMs > 2 * peer.intervalMs) this.#peers.lost(peer, 'heartbeat_timeout');
  }

  #connectionChanged(isConnected: boolean): void {
    if (this.#isStopped) return;
    const now = this.#options.clock.monotonic();
    this.#disconnectedAt = isConnected ? undefined : now;
    if (!isConnected) return;
    for (const peer of this.#peers.all) peer.heard(now);
    if (this.#subscriptions.length > 0) this.#announce(true);
    for (const { link } of this.#peers.all) link.mark(now);
  }

  get #intervalMs(): number {
    return Math.max(this.#options.settings.detector.intervalMs, INTERVAL_PER_NODE_MS * this.#peers.members.length);
  }

  #scheduleBeat(): void {
    this.#after(this.#intervalMs, () => {
      this.#beat();
      this.#scheduleBeat();
    });
  }

  #beat(): void {
    const { clock, settings } = this.#options;
    const now = clock.monotonic();
    const lateMs = lateness(this.#lastBeatAt, now, this.#intervalMs);
    this.#lastBeatAt = now;
    if (this.#subscriptions.length === 0) return;
    if (this.#broker.isConnected) {
      this.#sendBeat();
      this.#checkPeers(now, lateMs);
    } else if (now - (this.#disconnectedAt ?? now) >= this.#intervalMs * settings.detector.missThreshold) {
      for (const peer of this.#peers.all) this.#peers.unlink(peer);
    }
    this.#peers.forget(settings.forgetAfterMs);
    this.#watch();
  }

  #sendBeat(): void {
    this.#beats += 1;
    if (this.#self.role === 'observer' || this.#beats % BEATS_PER_HELLO === 0) this.#announce(false);
    if (this.#self.role === 'observer') return;
    const beat = encodeMessage({ type: 'beat', ...this.#vitals() });
    this.#broker.publish(this.#subjects.beat(this.#self.name), beat);
  }

  #checkPeers(now: number, lateMs: number): void {
    const { missThreshold } = this.#options.settings.detector;
    for (const peer of this.#peers.all) {
      const detector = { intervalMs: peer.intervalMs, missThreshold };
      const isWatched = this.#watched.has(peer.name.name) || this.#self.role !== peer.name.role;
      const { activity, state } = checkPeer(peer.activity, now, lateMs, detector);
      peer.activity = activity;
      if (isWatched && state === 'dead' && (peer.link.isOpen || peer.isResetting)) this.#dead(peer);
      else if (peer.isResetting) peer.link.propose();
      else if (peer.link.unansweredMs(now) >= detector.intervalMs * missThreshold) this.#peers.reset(peer);
      else peer.link.mark(now);
    }
  }

  #dead(peer: Peer): void {
    this.#peers.lost(peer, 'heartbeat_timeout');
    if (this.#self.role === 'member' && peer.name.role === 'member')
      this.#publishToAll({ type: 'lost', name: peer.name.name, incarnation: peer.incarnation });
  }

  /** Subscribes to the heartbeats of the nodes that this node watches. */
  #watch(): void {
    if (this.#self.role === 'observer') return;
    const names = new Set(
      watchedBy(
        this.#self.name,
        this.#peers.members.map(({ name }) => name.name),
      ),
    );
    for (const [name, unsubscribe] of this.#watched) {
      if (names.has(name)) continue;
      this.#watched.delete(name);
      unsubscribe();
    }
    const now = this.#options.clock.monotonic();
    for (const name of names) {
      if (this.#watched.has(name)) continue;
      const receive = (message: BrokerMessage): void => this.#guarded(message, (each) => this.#onBeat(each));
      this.#watched.set(name, this.#broker.subscribe(this.#subjects.beat(name), receive));
      this.#peers.get({ role: 'member', name })?.heard(now);
    }
  }

  #vitals(): Pick<Hello, 'incarnation' | 'processCount' | 'uptimeMs' | 'intervalMs'> {
    const { clock, processCount } = this.#options;
    const uptimeMs = Math.round(clock.monotonic() - this.startedAt);
    return { incarnation: this.incarnation, processCount: processCount(), uptimeMs, intervalMs: this.#intervalMs };
  }

  #hello(asks: boolean): Hello {
    const { settings, life } = this.#options;
    const build = { version: VERSION, features: FEATURES, life, ...nonEmptyParts(settings.description) };
    return { type: 'hello', protocol: PROTOCOL_VERSION, asks, ...this.#vitals(), ...build };
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
