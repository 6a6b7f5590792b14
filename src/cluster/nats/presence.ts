import type { Clock, Timer } from '../../clock.js';
import type { EngineNodeOptions } from '../engine.js';
import { checkPeer, lateness } from '../failure-detector.js';
import type { Broker, BrokerMessage } from './broker.js';
import { type Beat, decodeMessage, encodeMessage, type Message } from './messages.js';
import type { Peer } from './peer.js';
import type { PeerTable } from './peer-table.js';
import { type PeerName, type Subjects, senderOf } from './subjects.js';
import { watchedBy } from './watch-ring.js';

/** With each of this many heartbeats, a node also says hello to all. */
const BEATS_PER_HELLO = 10;

/** The interval of heartbeats grows by this for each node, so that all nodes together send at most 100 a second; ms. */
const INTERVAL_PER_NODE_MS = 10;

export interface PresenceOptions extends Pick<EngineNodeOptions, 'settings' | 'incarnation' | 'processCount'> {
  readonly clock: Clock;
  readonly self: PeerName;
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly peers: PeerTable;
  /** Says hello to all, without asking for answers. */
  announce(): void;
  /** Passes a message on. Ends the link with its sender if it breaks the protocol. */
  guarded(message: BrokerMessage, receive: (message: BrokerMessage) => void): void;
}

/** Sends the heartbeats of this node, and notices which peers are silent, or have not received what was sent to them. */
export class Presence {
  readonly #options: PresenceOptions;
  /** The subscriptions to heartbeats, by the name of the node; of an observer, one to those of all nodes. */
  readonly #watched = new Map<string, () => void>();
  readonly #startedAt: number;
  #timer: Timer | undefined;
  #beats = 0;
  #lastBeatAt = 0;
  #disconnectedAt: number | undefined;
  /** When the connection with the broker was restored last. */
  #reconnectedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  /** Begins when this node has joined the cluster. */
  start(): void {
    this.#lastBeatAt = this.#options.clock.monotonic();
    this.#watch();
    this.#schedule();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    for (const unsubscribe of this.#watched.values()) unsubscribe();
    this.#watched.clear();
  }

  connectionChanged(isConnected: boolean): void {
    const now = this.#options.clock.monotonic();
    this.#disconnectedAt = isConnected ? undefined : now;
    // While this node heard nothing, the others were not silent.
    if (!isConnected) return;
    this.#reconnectedAt = now;
    for (const peer of this.#options.peers.all) peer.heard(now);
  }

  /**
   * The broker has no connection with a peer, so what was sent to it is lost. Shortly after an outage of the broker, the peer
   * may only be slower to connect again.
   */
  bounced(peer: Peer): void {
    const { clock, peers, settings } = this.#options;
    const patienceMs = this.#intervalMs * settings.detector.missThreshold;
    if (clock.monotonic() - this.#reconnectedAt < patienceMs) peers.unlink(peer);
    else peers.lost(peer, 'connection_closed');
  }

  /** What every heartbeat and hello has. */
  vitals(): Beat {
    const { clock, processCount, incarnation } = this.#options;
    const uptimeMs = Math.round(clock.monotonic() - this.#startedAt);
    return { incarnation, processCount: processCount(), uptimeMs, intervalMs: this.#intervalMs };
  }

  /** Another node has not heard a node for too long. A node that hears it itself knows better. */
  reportedLost({ name, incarnation }: { readonly name: string; readonly incarnation: number }): void {
    const { self, peers, clock, announce } = this.#options;
    if (self.role === 'member' && name === self.name) {
      if (incarnation === this.#options.incarnation) announce();
      return;
    }
    const peer = peers.get({ role: 'member', name });
    if (peer?.incarnation !== incarnation) return;
    const silentMs = clock.monotonic() - peer.activity.receivedAt;
    if (this.#hears(peer)) {
      if (silentMs > 2 * peer.intervalMs) peers.lost(peer, 'heartbeat_timeout');
      return;
    }
    // The other node may have been cut off itself. A dead node has no connection, which the broker reports at once.
    peer.suspectedAt ??= clock.monotonic();
    peers.introduce(peer.name, true);
  }

  get #intervalMs(): number {
    const { settings, peers } = this.#options;
    return Math.max(settings.detector.intervalMs, INTERVAL_PER_NODE_MS * peers.members.length);
  }

  /** Whether this node receives the heartbeats of a peer. */
  #hears({ name }: Peer): boolean {
    return name.role !== this.#options.self.role || this.#watched.has(name.name);
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#beat();
      this.#schedule();
    }, this.#intervalMs);
  }

  #beat(): void {
    const { clock, settings, broker, peers } = this.#options;
    const now = clock.monotonic();
    const lateMs = lateness(this.#lastBeatAt, now, this.#intervalMs);
    this.#lastBeatAt = now;
    if (broker.isConnected) {
      this.#send();
      for (const peer of peers.all) this.#check(peer, now, lateMs);
    } else if (now - (this.#disconnectedAt ?? now) >= this.#intervalMs * settings.detector.missThreshold) {
      for (const peer of peers.all) peers.unlink(peer);
    }
    peers.forget(settings.forgetAfterMs);
    this.#watch();
  }

  #send(): void {
    const { self, broker, subjects, announce } = this.#options;
    this.#beats += 1;
    if (self.role === 'observer' || this.#beats % BEATS_PER_HELLO === 0) announce();
    if (self.role === 'member')
      broker.publish(subjects.beat(self.name), encodeMessage({ type: 'beat', ...this.vitals() }));
  }

  #check(peer: Peer, now: number, lateMs: number): void {
    const { peers, settings } = this.#options;
    const { missThreshold } = settings.detector;
    // A node that this one does not watch says hello from time to time.
    const beats = this.#hears(peer) ? 1 : BEATS_PER_HELLO;
    const detector = { intervalMs: peer.intervalMs * beats, missThreshold };
    const { activity, state } = checkPeer(peer.activity, now, lateMs, detector);
    peer.activity = activity;
    const isUp = peer.name.role === 'observer' ? peer.link.isOpen : peers.status(peer.id) === 'connected';
    const isSuspect = peer.suspectedAt !== undefined && now - peer.suspectedAt > 2 * peer.intervalMs;
    if (isUp && isSuspect) peers.lost(peer, 'heartbeat_timeout');
    else if (state === 'dead' && (isUp || peer.isResetting)) this.#dead(peer);
    else if (peer.isResetting) peer.link.propose();
    else if (peer.link.unansweredMs(now) >= peer.intervalMs * missThreshold) peers.reset(peer);
    else peer.link.mark(now);
  }

  #dead(peer: Peer): void {
    const { self, peers, broker, subjects } = this.#options;
    peers.lost(peer, 'heartbeat_timeout');
    if (self.role !== 'member' || peer.name.role !== 'member') return;
    const lost: Message = { type: 'lost', name: peer.name.name, incarnation: peer.incarnation };
    broker.publish(subjects.all(self.name), encodeMessage(lost));
  }

  /** Subscribes to the heartbeats of the nodes that this node watches. */
  #watch(): void {
    const { self, peers, clock } = this.#options;
    const others = peers.members.map(({ name }) => name.name);
    const names = new Set(self.role === 'observer' ? ['*'] : watchedBy(self.name, others));
    for (const [name, unsubscribe] of this.#watched) {
      if (names.has(name)) continue;
      this.#watched.delete(name);
      unsubscribe();
    }
    for (const name of names) {
      if (this.#watched.has(name)) continue;
      this.#watched.set(name, this.#subscribe(name));
      peers.get({ role: 'member', name })?.heard(clock.monotonic());
    }
  }

  #subscribe(name: string): () => void {
    const { broker, subjects, guarded } = this.#options;
    const receive = (message: BrokerMessage): void => this.#receive(message);
    return broker.subscribe(subjects.beat(name), (message) => guarded(message, receive));
  }

  #receive({ subject, payload }: BrokerMessage): void {
    const { clock, peers } = this.#options;
    const name = { role: 'member', name: senderOf(subject) } as const;
    const message = decodeMessage(payload);
    if (message?.type !== 'beat') return;
    const peer = peers.get(name);
    if (peer?.incarnation === message.incarnation) {
      peer.beaten(message, clock.monotonic(), clock.now());
      if (peer.link.isOpen || peer.isResetting || peer.isRefused) return;
    }
    // This node does not know the node, or has taken it for lost.
    peers.introduce(name, true);
  }
}
