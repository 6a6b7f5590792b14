import type { Clock, Timer } from '../../clock.js';
import { asError } from '../../errors.js';
import type { ClusterSettings } from '../cluster-config.js';
import { clip, encode } from '../codec.js';
import { check, type DetectorConfig, heard, heardSince, lateness } from '../failure-detector.js';
import type { Build, Peer, PeerFrame, Role, RpcFrame, UnknownFrame } from '../frames.js';
import type { Member, MembershipChange, NodeDownReason } from '../membership.js';
import * as membership from '../membership.js';
import { NodeId } from '../node-id.js';
import type { Asker } from '../rpc.js';
import type { Connection, Listener, Transport } from '../transport/transport.js';
import { Admission, type Dialled } from './admission.js';
import { isOffence, type Refusal } from './close-reason.js';
import { Dialer, type DialTarget } from './dialer.js';
import { memberList, memberListExcept, memberUpdate, pickGossipPeer } from './gossip.js';
import { createNonce, type Expectation } from './handshake.js';
import { HandshakeThrottle } from './handshake-throttle.js';
import { type Heartbeat, Heartbeats } from './heartbeats.js';
import { Link, type LinkHandlers, MAX_BACKLOG_BYTES } from './link.js';
import type { LinkEnd } from './link-end.js';
import { LinkErrorReporter, type RefusedLink } from './link-error-reporter.js';
import { LinkTable } from './link-table.js';
import { MAX_OBSERVERS, ObserverLinks } from './observer-links.js';
import { Probes } from './probes.js';
import { Seeds, type SeedsOptions } from './seeds.js';
import { UnreachableReports } from './unreachable-reports.js';

/** Anti-entropy: after this many heartbeats, one peer receives the full member list, in case an update was lost. */
const BEATS_PER_GOSSIP = 10;

const PROBE_ACK = encode({ type: 'probe_ack' });

/** The listener of an observer, which accepts no connections: it only fills the port of the node id. */
const NOT_LISTENING: Listener = { port: 1, close: () => Promise.resolve() };

/** The longest time that a link has to prove it is alive when another node claims its node's id, ms. */
const MAX_PROBE_MS = 2000;

export interface LocalNodeOptions {
  readonly settings: ClusterSettings;
  /** An `observer` dials members and hears of others from them, but is no member. */
  readonly role: Role;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: () => number;
  readonly processCount: () => number;
  readonly onError: (error: Error) => void;
  /** After the state changed; `members()` shows it. */
  readonly onChange: (change: MembershipChange) => void;
  readonly onRpc: (from: Asker, frame: RpcFrame) => void;
  /** Whether observers may ask this. */
  readonly isPublic: (method: string) => boolean;
  /** There is no link any more with this observer. */
  readonly onObserverGone: (id: NodeId) => void;
  /** None of the addresses of a seed led to a node. They are dialled again. */
  readonly onSeedFailed: (seed: string, end: LinkEnd) => void;
}

/** What is known of another node. */
export type KnownMember = Member & Heartbeat & Pick<Build, 'version'>;

/**
 * One incarnation of this node, from start to stop: listens, dials, keeps a link with every member, gossips members, and
 * detects lost nodes. The state is in {@link membership}; its effects are here.
 */
export class LocalNode {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly startedAt: number;
  readonly #options: LocalNodeOptions;
  readonly #listener: Listener;
  readonly #linked = new LinkTable();
  readonly #admission: Admission;
  readonly #observers: ObserverLinks;
  readonly #dialer: Dialer;
  readonly #seeds: Seeds;
  readonly #unreachable: UnreachableReports;
  readonly #probes: Probes;
  readonly #complaints: LinkErrorReporter;
  readonly #penalties = new HandshakeThrottle();
  /** Every link whose connection still holds something, established or not. */
  readonly #open = new Set<Link>();
  /** What each dialled link was to reach. */
  readonly #targets = new WeakMap<Link, DialTarget>();
  #membership = membership.emptyMembership;
  readonly #heartbeats = new Heartbeats();
  #beats = 0;
  #beatAt: number;
  #beatTimer: Timer;
  #onAllReleased: (() => void) | undefined;
  #isStopped = false;

  /** @throws ListenError (as a rejection) */
  static async start(options: LocalNodeOptions): Promise<LocalNode> {
    const { settings, transport, role } = options;
    if (role === 'observer') {
      const observer = new LocalNode(options, NOT_LISTENING);
      observer.#seeds.start();
      return observer;
    }
    let node: LocalNode | undefined;
    const listener = await transport.listen(
      settings.listen,
      (connection) => {
        // Without the port there is no node id yet, and so nothing to answer with.
        if (node === undefined) connection.terminate();
        else node.#accept(connection);
      },
      settings.tls,
    );
    node = new LocalNode(options, listener);
    node.#seeds.start();
    return node;
  }

  private constructor(options: LocalNodeOptions, listener: Listener) {
    const { settings, incarnation, clock, random, onError } = options;
    this.#options = options;
    this.#listener = listener;
    const { host, port = listener.port } = settings.advertise;
    this.id = NodeId.create(settings.nodeName, host, port);
    this.incarnation = incarnation;
    this.startedAt = clock.monotonic();
    this.#complaints = new LinkErrorReporter(this.id, onError, () => clock.monotonic());
    this.#observers = new ObserverLinks({
      clock,
      detector: this.#detector,
      isPublic: options.isPublic,
      onRequest: ({ id, incarnation }, frame) => options.onRpc({ id, incarnation, role: 'observer' }, frame),
      onRefused: (link, refusal) => {
        this.#penalize(link, refusal);
        this.#complain(link, refusal);
      },
      onProbeAck: (id) => this.#probes.settle(id, true),
      onGone: (id) => {
        options.onObserverGone(id);
        this.#probes.settle(id, false);
      },
    });
    this.#admission = new Admission({
      localId: this.id,
      role: options.role,
      linked: this.#linked,
      probe: (id, then) => this.#probe(id, then),
      lose: (id) => this.#lose(id, 'connection_closed'),
      dialled: (link, peer, outcome) => this.#dialled(link, peer, outcome),
      established: (link, peer) => this.#established(link, peer),
    });
    this.#probes = new Probes(clock, Math.min(MAX_PROBE_MS, settings.heartbeatIntervalMs));
    this.#unreachable = new UnreachableReports(onError);
    const dialling = { clock, random, backoff: settings.backoff, dial: (target: DialTarget) => this.#dial(target) };
    this.#dialer = new Dialer({
      ...dialling,
      // An observer is dialled by none.
      dialsFirst: (id) => options.role === 'observer' || this.id < id,
      wasLinked: (id) => this.#membership.members.get(id)?.status === 'disconnected',
    });
    this.#seeds = this.#createSeeds(dialling);
    this.#beatAt = clock.monotonic();
    this.#beatTimer = this.#scheduleBeat();
  }

  #createSeeds(dialling: Pick<SeedsOptions, 'clock' | 'random' | 'backoff' | 'dial'>): Seeds {
    const { clock, onSeedFailed, settings, transport } = this.#options;
    return new Seeds({
      ...dialling,
      localId: this.id,
      seeds: settings.seeds,
      resolve: (host) => transport.resolve?.(host) ?? [host],
      linkedAt: (address) => this.#linked.at(address),
      onFailed: onSeedFailed,
      onUnresolved: (label, { reason, wasLinked }) =>
        this.#unreachable.failed({ label, end: { kind: 'broken', reason }, wasLinked }, clock.monotonic()),
      onResolved: (label) => this.#unreachable.reached(label),
    });
  }

  members(): readonly KnownMember[] {
    return [...this.#membership.members.values()].map((member) => this.#described(member));
  }

  member(id: NodeId): KnownMember | undefined {
    const member = this.#membership.members.get(id);
    return member && this.#described(member);
  }

  #described(member: Member): KnownMember {
    const { lastHeardAt, processCount, uptimeMs } = this.#heartbeats.latest(member);
    const version = this.#linked.get(member.id)?.link.build.version;
    return { ...member, lastHeardAt, processCount, uptimeMs, version };
  }

  isConnected(id: NodeId): boolean {
    return this.#linked.get(id) !== undefined;
  }

  /** How much of what was sent to that node it has not taken yet, bytes. */
  backlog(id: NodeId): number {
    return this.#linkWith(id)?.backlog ?? 0;
  }

  /** Whether that node takes what it is sent, and so may be sent news. */
  hasRoom(id: NodeId): boolean {
    const link = this.#linked.get(id)?.link;
    return link === undefined ? this.#observers.hasRoom(id) : link.backlog < MAX_BACKLOG_BYTES;
  }

  /**
   * @param to the current holder of that id, or one incarnation of a node or an observer
   * @returns whether there is a link to send it on
   */
  sendEncoded(to: NodeId | Asker, text: string): boolean {
    if (typeof to !== 'string' && to.role === 'observer') return this.#observers.answer(to, text);
    const link = typeof to === 'string' ? this.#linkWith(to) : this.#linkWithLife(to);
    link?.sendEncoded(text);
    return link !== undefined;
  }

  /** No id is both a member's and an observer's: see {@link ObserverLinks.yieldTo}. */
  #linkWith(id: NodeId): Link | undefined {
    return this.#linked.get(id)?.link ?? this.#observers.get(id);
  }

  #linkWithLife({ id, incarnation }: Peer): Link | undefined {
    const node = this.#linked.get(id);
    return node?.peer.incarnation === incarnation ? node.link : undefined;
  }

  get #detector(): DetectorConfig {
    const { heartbeatIntervalMs: intervalMs, heartbeatMissThreshold: missThreshold } = this.#options.settings;
    return { intervalMs, missThreshold };
  }

  /** Says goodbye to all, and resolves when the port is free and nothing is left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.clock.clearTimeout(this.#beatTimer);
    this.#dialer.stop();
    this.#seeds.stop();
    this.#probes.stop();
    for (const { id } of this.members()) {
      this.#apply(membership.left(this.#membership, id, this.#options.clock.monotonic()));
    }
    this.#observers.stop();
    this.#complaints.stop();
    // Only now: a link that ends earlier would make the dialer start again.
    for (const link of this.#open) link.leave();
    await Promise.all([this.#listener.close(), this.#allReleased()]);
  }

  #allReleased(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onAllReleased = resolve;
    });
  }

  #accept(connection: Connection): void {
    if (this.#isStopped) connection.terminate();
    else
      this.#openLink(
        connection,
        undefined,
        this.#penalties.delayOf(connection.remote, this.#options.clock.monotonic()),
      );
  }

  #dial(target: DialTarget): void {
    let connection: Connection;
    try {
      connection = this.#options.transport.connect(target.address, this.#options.settings.tls);
    } catch (thrown) {
      // An address that this version of Node.js does not take.
      this.#undialled(target, { kind: 'broken', reason: clip(asError(thrown).message) });
      return;
    }
    this.#targets.set(this.#openLink(connection, target.expected), target);
  }

  #undialled(target: DialTarget, end: LinkEnd): void {
    const { label, wasLinked } = target;
    const isExplained =
      (end.reason === 'self' && target.mayBeSelf) ||
      (end.reason === 'wrong_node' && !target.isOneOfMany) ||
      (end.kind === 'broken' && this.#complaints.broken(label, end.reason));
    if (!isExplained) this.#unreachable.failed({ label, end, wasLinked }, this.#options.clock.monotonic());
    target.failed(end);
  }

  #openLink(connection: Connection, expected?: Expectation, delayMs = 0): Link {
    const { clock, settings } = this.#options;
    const { id, incarnation } = this;
    const { role } = this.#options;
    const { clusterSecrets: secrets, observerSecrets } = settings;
    const local = { id, incarnation, role, secrets, observerSecrets, nonce: createNonce() };
    const handlers = this.#linkHandlers;
    const link = new Link({ connection, clock, local, handlers, delayMs, ...(expected && { expected }) });
    this.#open.add(link);
    return link;
  }

  readonly #linkHandlers: LinkHandlers = {
    onVerified: (link, peer) => this.#admit(link, peer),
    onWelcomed: (link, peer) => this.#admission.welcomed(link, peer),
    onOpened: (link, peer) => this.#opened(link, peer),
    onFrame: (link, peer, frame) => this.#receive(link, peer, frame),
    onEnd: (link, end) => this.#ended(link, end),
    onReleased: (link) => {
      this.#open.delete(link);
      if (this.#open.size === 0) this.#onAllReleased?.();
    },
  };

  /** A peer proved who it is, and wants in. */
  #admit(link: Link, peer: Peer): void {
    if (link.peerRole === 'member') this.#penalties.reset(link.remote);
    if (peer.id === this.id) {
      link.refuse({ reason: 'id_conflict', message: `${peer.id} is this very node` });
      if (link.peerRole === 'member') this.#complaints.idConflict();
      return;
    }
    if (link.peerRole === 'observer') {
      this.#admitObserver(link, peer);
      return;
    }
    this.#admission.verified(link, peer);
  }

  #admitObserver(link: Link, peer: Peer): void {
    if (this.#membership.members.has(peer.id)) {
      link.refuse({ reason: 'id_conflict', message: `${peer.id} is a member; an observer needs an id of its own` });
      return;
    }
    if (this.#observers.get(peer.id) === undefined) {
      if (this.#observers.isFull) {
        const message = `${MAX_OBSERVERS} observers look on at ${this.id} already; detach one, or let several people use one`;
        const refusal: Refusal = { reason: 'too_many_observers', message };
        link.refuse(refusal);
        this.#complain(link, refusal);
        return;
      }
      this.#observers.admit(link, peer);
      return;
    }
    this.#probe(peer.id, (answered) => {
      if (!link.isUndecided) return;
      if (answered) {
        link.refuse({ reason: 'duplicate_link', message: `there is a link with ${peer.id} already` });
      } else {
        this.#observers.terminate(peer.id);
        this.#admitObserver(link, peer);
      }
    });
  }

  #dialled(link: Link, peer: Peer, outcome: Dialled): void {
    const target = this.#targets.get(link);
    this.#targets.delete(link);
    if (target === undefined) return;
    if (outcome === 'later') target.failed();
    else this.#reached(target, peer.id);
  }

  #reached(target: DialTarget, id: NodeId): void {
    this.#unreachable.reached(target.label);
    this.#complaints.settled(target.label);
    target.reached(id);
  }

  /** A peer that was let in uses the link. */
  #opened(link: Link, peer: Peer): void {
    if (link.peerRole === 'observer') link.send(memberList(this.#peers()));
    else this.#admission.opened(link, peer);
  }

  #established(link: Link, peer: Peer): void {
    const { clock } = this.#options;
    this.#complaints.settled(peer.id, link.remote);
    // Nothing of what is still on its way over the old link comes after something of the new one.
    this.#linked.put(link, peer, clock.monotonic())?.terminate();
    const isNews = this.#membership.members.get(peer.id)?.incarnation !== peer.incarnation;
    this.#heartbeats.linked(peer, clock.now());
    const outcome = membership.linkUp(this.#membership, peer, clock.monotonic());
    this.#apply(outcome);
    if (outcome.changes.some(({ type }) => type === 'up')) this.#introduce(peer, isNews);
  }

  /** Announces the members to a new peer, and the peer to the members, unless the peer was learned by gossip. */
  #introduce(peer: Peer, isNews: boolean): void {
    if (this.#options.role === 'observer') return;
    const peers = this.#peers();
    this.#linked.get(peer.id)?.link.send(memberListExcept(peers, peer.id));
    const news = encode(memberUpdate(peer));
    if (isNews) for (const other of peers) if (other.id !== peer.id) this.sendEncoded(other.id, news);
    this.#observers.sendAll(news);
  }

  #receive(link: Link, peer: Peer, frame: PeerFrame | UnknownFrame): void {
    if (link.peerRole === 'observer') {
      this.#observers.receive(link, peer, frame);
      return;
    }
    const { clock } = this.#options;
    const node = this.#linked.get(peer.id);
    if (node?.link !== link) return;
    node.pulse = heard(clock.monotonic());
    switch (frame.type) {
      case 'heartbeat':
        this.#heartbeats.heard(peer, frame, clock.now());
        break;
      case 'members':
        this.#learn(frame.members);
        break;
      case 'leave':
        this.#linked.removeNode(peer.id)?.close('leaving');
        this.#probes.settle(peer.id, false);
        this.#apply(membership.left(this.#membership, peer.id, clock.monotonic()));
        break;
      case 'probe':
        link.offer(PROBE_ACK);
        break;
      case 'probe_ack':
        this.#probes.settle(peer.id, true);
        break;
      case 'id_conflict':
        this.#complaints.idConflict();
        break;
      case 'unknown':
        // Of a later version, which can do without an answer.
        break;
      default:
        this.#options.onRpc({ id: peer.id, incarnation: peer.incarnation, role: 'member' }, frame);
    }
  }

  #learn(peers: readonly Peer[]): void {
    const others = peers.filter(({ id }) => id !== this.id);
    this.#apply(membership.learned(this.#membership, others, this.#options.clock.monotonic()));
  }

  #ended(link: Link, end: LinkEnd): void {
    this.#observers.ended(link);
    this.#admission.ended(link);
    const target = this.#targets.get(link);
    const peerId = link.peer?.id;
    const linkedWith = link.isProven ? peerId : undefined;
    if (this.#linked.remove(link) && peerId !== undefined) {
      this.#lose(peerId, end.kind === 'refused' ? 'connection_refused' : 'connection_closed');
    }
    if (end.kind === 'refused' && end.by === 'us') this.#penalize(link, end);
    const isCounted = end.reason === 'wrong_node' && target?.isOneOfMany;
    if (end.kind === 'refused' && !isCounted) {
      this.#complaints.refused({ end, target: target?.label, linkedWith, remote: link.remote });
    }
    if (target === undefined) return;
    if (end.reason === 'duplicate_link' && peerId !== undefined && this.isConnected(peerId))
      this.#reached(target, peerId);
    else this.#undialled(target, end);
  }

  #penalize({ remote }: Link, { reason }: { readonly reason: string }): void {
    if (isOffence(reason)) this.#penalties.recordFailure(remote, this.#options.clock.monotonic());
  }

  /** This node refused a peer. */
  #complain({ remote }: Link, refusal: Refusal): void {
    const end: RefusedLink['end'] = { kind: 'refused', by: 'us', ...refusal };
    this.#complaints.refused({ end, target: undefined, linkedWith: undefined, remote });
  }

  /** The link with a node is over. */
  #lose(id: NodeId, reason: NodeDownReason): void {
    this.#linked.removeNode(id)?.terminate();
    this.#apply(membership.linkDown(this.#membership, id, reason, this.#options.clock.monotonic()));
    this.#probes.settle(id, false);
  }

  /** A peer in the middle of a long message cannot answer in between: received bytes count as an answer, too. */
  #probe(id: NodeId, then: (answered: boolean) => void): void {
    const link = this.#linkWith(id);
    const before = link?.received ?? 0;
    const isTelling = (): boolean => link !== undefined && link === this.#linkWith(id) && link.received > before;
    this.#probes.ask(
      id,
      () => link?.send({ type: 'probe' }),
      (answered) => then(answered || isTelling()),
    );
  }

  #apply({ state, changes }: membership.Outcome): void {
    this.#membership = state;
    for (const change of changes) {
      if (change.type === 'learned' || change.type === 'up') this.#observers.yieldTo(change.id);
      if (change.type === 'left' || change.type === 'forgotten') this.#heartbeats.forget(change.id);
      this.#dialer.follow(change);
      this.#seeds.follow(change);
      this.#options.onChange(change);
    }
  }

  #scheduleBeat(): Timer {
    const { clock, settings } = this.#options;
    return clock.setTimeout(() => this.#beat(), settings.heartbeatIntervalMs);
  }

  /** Sends heartbeats, detects silent peers, forgets old members, and gossips. */
  #beat(): void {
    const { clock, settings, processCount } = this.#options;
    const { intervalMs } = this.#detector;
    const now = clock.monotonic();
    const lastBeatAt = this.#beatAt;
    const lateMs = lateness(lastBeatAt, now, intervalMs);
    this.#beatAt = now;
    this.#beatTimer = this.#scheduleBeat();
    this.#beats += 1;
    const uptimeMs = Math.round(now - this.startedAt);
    const heartbeat = encode({ type: 'heartbeat', processCount: processCount(), uptimeMs });
    for (const node of this.#linked.nodes()) {
      const { received } = node.link;
      if (received > node.received) node.pulse = heardSince(node.pulse, lastBeatAt, this.#detector);
      node.received = received;
      const { pulse, verdict } = check(node.pulse, now, lateMs, this.#detector);
      node.pulse = pulse;
      if (verdict === 'dead') {
        this.#lose(node.peer.id, 'heartbeat_timeout');
        continue;
      }
      node.link.offer(heartbeat);
      // Asked, because its own interval may be longer than ours.
      if (verdict === 'suspect') node.link.send({ type: 'probe' });
    }
    this.#observers.beat(heartbeat, now, lateMs);
    this.#complaints.beat();
    this.#apply(membership.forget(this.#membership, now, settings.forgetAfterMs));
    if (this.#beats % BEATS_PER_GOSSIP === 0) this.#gossip();
  }

  #gossip(): void {
    if (this.#options.role === 'observer') return;
    const peers = this.#peers();
    this.#observers.sendAll(encode(memberList(peers)));
    const to = pickGossipPeer(peers, this.#options.random);
    if (to !== undefined) this.#linked.get(to.id)?.link.offer(encode(memberListExcept(peers, to.id)));
  }

  #peers(): readonly Peer[] {
    return this.#linked.nodes().map(({ peer }) => peer);
  }
}
