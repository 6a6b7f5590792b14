import type { Clock } from '../../clock.js';
import type { ClusterSettings } from '../cluster-config.js';
import { encode } from '../codec.js';
import { activityAt } from '../failure-detector.js';
import type { DeliveredFrame, MembersFrame, Peer, PeerFrame, Role, UnknownFrame } from '../frames.js';
import type { MembershipChange, NodeDownReason } from '../membership.js';
import type { NodeId } from '../node-id.js';
import type { Requester } from '../rpc.js';
import { isSuspicious, type Refusal } from './close-reason.js';
import type { DialAttempts } from './dial-attempts.js';
import { Gossip } from './gossip.js';
import { HandshakeThrottle } from './handshake-throttle.js';
import { type Link, type LinkHandlers, MAX_BACKLOG_BYTES } from './link.js';
import type { LinkEndReason } from './link-end-reason.js';
import type { LinkErrorReporter, RefusedLink } from './link-error-reporter.js';
import { LinkSelection } from './link-selection.js';
import { LinkTable } from './link-table.js';
import { MemberStates } from './member-states.js';
import { ObserverAdmission } from './observer-admission.js';
import { ObserverLinks } from './observer-links.js';
import { Probes } from './probes.js';

const PROBE_ACK = encode({ type: 'probe_ack' });

export interface PeerLinksOptions {
  readonly localId: NodeId;
  readonly role: Role;
  readonly clock: Clock;
  readonly random: () => number;
  readonly settings: ClusterSettings;
  readonly dials: DialAttempts;
  readonly linkErrors: LinkErrorReporter;
  /** Called after the state of a member changed. */
  readonly onChange: (change: MembershipChange) => void;
  readonly onFrame: (from: Requester, frame: DeliveredFrame) => void;
  /** Whether observers may call this method. */
  readonly isPublic: (method: string) => boolean;
  /** Called when the link with this observer has ended. */
  readonly onObserverGone: (id: NodeId) => void;
}

/** Decides which links with members and observers this node uses, and handles the frames and the end of these links. */
export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly linked = new LinkTable();
  readonly members: MemberStates;
  readonly observers: ObserverLinks;
  readonly gossip: Gossip;
  readonly #probes: Probes;
  readonly #linkSelection: LinkSelection;
  readonly #observerAdmission: ObserverAdmission;
  readonly #throttle = new HandshakeThrottle();

  constructor(options: PeerLinksOptions) {
    const { localId, role, clock, random, settings, dials } = options;
    const { linked } = this;
    this.#options = options;
    this.#probes = new Probes(clock, settings.detector.intervalMs, (id) => this.#linkWith(id));
    this.members = new MemberStates({ clock, linked, onChange: (change) => this.#changed(change) });
    this.observers = this.#createObserverLinks();
    this.gossip = new Gossip({ linked, random, toObservers: (text) => this.observers.sendAll(text) });
    this.#linkSelection = new LinkSelection({
      localId,
      role,
      linked,
      probe: (id, then) => this.#probes.ask(id, then),
      lose: (id) => this.lose(id, 'connection_closed'),
      dialled: (link, peer, outcome) => dials.settle(link, peer.id, outcome),
      established: (link, peer) => this.#established(link, peer),
    });
    this.#observerAdmission = new ObserverAdmission({
      localId,
      observers: this.observers,
      isMember: (id) => this.members.has(id),
      probe: (id, then) => this.#probes.ask(id, then),
      onRefused: (link, refusal) => this.#reportRefusal(link, refusal),
    });
  }

  #createObserverLinks(): ObserverLinks {
    const { clock, settings, isPublic, onFrame, onObserverGone } = this.#options;
    return new ObserverLinks({
      clock,
      detector: settings.detector,
      isPublic,
      onRequest: ({ id, incarnation }, frame) => onFrame({ id, incarnation, role: 'observer' }, frame),
      onRefused: (link, refusal) => {
        this.#penalize(link, refusal);
        this.#reportRefusal(link, refusal);
      },
      onProbeAck: (id) => this.#probes.settle(id, true),
      onGone: (id) => {
        onObserverGone(id);
        this.#probes.settle(id, false);
      },
    });
  }

  readonly handlers: Omit<LinkHandlers, 'onReleased'> = {
    onVerified: (link, peer) => this.#verified(link, peer),
    onWelcomed: (link, peer) => this.#linkSelection.welcomed(link, peer),
    onOpened: (link, peer) => this.#opened(link, peer),
    onFrame: (link, peer, frame) => this.#receive(link, peer, frame),
    onEnd: (link, end) => this.#ended(link, end),
  };

  /** Returns how long this node waits before it reads the handshake of a peer at this address, ms. */
  handshakeDelay(remote: string): number {
    return this.#throttle.delayOf(remote, this.#options.clock.monotonic());
  }

  /** Removes all members and observers, because the node stops. `UnreleasedLinks` ends the links themselves. */
  stop(): void {
    this.#probes.stop();
    for (const { id } of this.members.all()) this.members.left(id);
    this.observers.stop();
  }

  isConnected(id: NodeId): boolean {
    return this.linked.get(id) !== undefined;
  }

  supports(id: NodeId, feature: string): boolean {
    return this.#linkWith(id)?.build.features?.includes(feature) ?? false;
  }

  lifeOf(id: NodeId): string | undefined {
    return this.linked.get(id)?.link.build.life;
  }

  publishEncoded(text: string): void {
    for (const { link } of this.linked.nodes()) link.offer(text);
    this.observers.sendAll(text);
  }

  /** The data that was sent to this peer but has not been transmitted yet, bytes. 0 if there is no link. */
  backlog(id: NodeId): number {
    return this.#linkWith(id)?.backlog ?? 0;
  }

  /** Whether there is a link with the peer, and its backlog is small enough to send it notifications. */
  hasRoom(id: NodeId): boolean {
    const link = this.linked.get(id)?.link;
    return link === undefined ? this.observers.hasRoom(id) : link.backlog < MAX_BACKLOG_BYTES;
  }

  /**
   * Sends an encoded frame.
   *
   * @param to an id: the peer that holds the id now. A `Requester`: this incarnation of the member or observer only
   * @returns whether there is a link for the frame
   */
  sendEncoded(to: NodeId | Requester, text: string): boolean {
    if (typeof to !== 'string' && to.role === 'observer') return this.observers.answer(to, text);
    const link = typeof to === 'string' ? this.#linkWith(to) : this.#linkWithIncarnation(to);
    link?.sendEncoded(text);
    return link !== undefined;
  }

  /**
   * Sends an encoded frame to one incarnation of a member. Transmits the frame at once, after all frames that were sent
   * to the member earlier in this turn of the event loop. Does nothing if that incarnation is not linked.
   */
  sendNow(to: Peer, text: string): void {
    this.#linkWithIncarnation(to)?.sendNow(text);
  }

  /**
   * Returns the link with a member or observer; `undefined` if there is none. A member and an observer never have the
   * same id: see {@link ObserverLinks.yieldTo}.
   */
  #linkWith(id: NodeId): Link | undefined {
    return this.linked.get(id)?.link ?? this.observers.get(id);
  }

  #linkWithIncarnation({ id, incarnation }: Peer): Link | undefined {
    const node = this.linked.get(id);
    return node?.peer.incarnation === incarnation ? node.link : undefined;
  }

  /** Handles a peer that dialled this node and proved its identity. */
  #verified(link: Link, peer: Peer): void {
    if (link.peerRole === 'member') this.#throttle.reset(link.remote);
    if (peer.id === this.#options.localId) {
      link.refuse({ reason: 'id_conflict', message: `${peer.id} is the id of the node that was dialled` });
      if (link.peerRole === 'member') this.#options.linkErrors.idConflict();
      return;
    }
    if (link.peerRole === 'observer') this.#observerAdmission.verified(link, peer);
    else this.#linkSelection.verified(link, peer);
  }

  /** Handles the frame with which an accepted peer opens the link. */
  #opened(link: Link, peer: Peer): void {
    if (link.peerRole === 'observer') link.send(this.gossip.memberList());
    else this.#linkSelection.opened(link, peer);
  }

  #established(link: Link, peer: Peer): void {
    const { clock } = this.#options;
    this.#options.linkErrors.settled(peer.id, link.remote);
    // The old link ends first, so that none of its frames is handled after a frame of the new link.
    this.linked.put(link, peer, clock.monotonic())?.terminate();
    const { isUp, ...before } = this.members.linkUp(peer, link.build);
    if (isUp && this.#options.role === 'member') this.gossip.introduce(peer, before);
  }

  #receive(link: Link, peer: Peer, frame: PeerFrame | UnknownFrame): void {
    if (link.peerRole === 'observer') {
      this.observers.receive(link, peer, frame);
      return;
    }
    const { clock } = this.#options;
    const node = this.linked.get(peer.id);
    if (node?.link !== link) return;
    node.activity = activityAt(clock.monotonic());
    switch (frame.type) {
      case 'heartbeat':
        this.members.heartbeat(peer, frame);
        break;
      case 'members':
        this.#learned(peer, frame);
        break;
      case 'leave':
        this.linked.removeNode(peer.id)?.close('leaving');
        this.members.left(peer.id);
        // This call comes last. Another incarnation of the node may wait for the outcome of a probe, and may be linked
        // during this call.
        this.#probes.settle(peer.id, false);
        break;
      case 'probe':
        link.offer(PROBE_ACK);
        break;
      case 'probe_ack':
        this.#probes.settle(peer.id, true);
        if (node.probedAt !== undefined) node.roundTripMs = clock.monotonic() - node.probedAt;
        node.probedAt = undefined;
        break;
      case 'id_conflict':
        this.#options.linkErrors.idConflict();
        break;
      case 'unknown':
        // A later version of noex sent this frame. Such frames need no answer.
        break;
      default:
        this.#options.onFrame({ id: peer.id, incarnation: peer.incarnation, role: 'member' }, frame);
    }
  }

  #learned(from: Peer, list: MembersFrame): void {
    const { localId, role } = this.#options;
    this.members.learned(list.members.filter(({ id }) => id !== localId));
    if (role === 'member') this.gossip.complete(list, from.id);
  }

  #ended(link: Link, end: LinkEndReason): void {
    this.observers.ended(link);
    this.#linkSelection.ended(link);
    const target = this.#options.dials.targetOf(link);
    const peerId = link.peer?.id;
    const linkedWith = link.isProven ? peerId : undefined;
    if (this.linked.remove(link) && peerId !== undefined) {
      this.lose(peerId, end.kind === 'refused' ? 'connection_refused' : 'connection_closed');
    }
    if (end.kind === 'refused' && end.by === 'us') this.#penalize(link, end);
    // A wrong node at one of several addresses may be normal. `DialAttempts` counts it, and reports it if it persists.
    const isOnlyCounted = end.reason === 'wrong_node' && target?.isOneOfMany;
    if (end.kind === 'refused' && !isOnlyCounted) {
      this.#options.linkErrors.refused({ end, target: target?.label, linkedWith, remote: link.remote });
    }
    if (target === undefined) return;
    if (end.reason === 'duplicate_link' && peerId !== undefined && this.isConnected(peerId))
      this.#options.dials.reached(target, peerId);
    else this.#options.dials.failed(target, end);
  }

  #penalize({ remote }: Link, { reason }: { readonly reason: string }): void {
    if (isSuspicious(reason)) this.#throttle.recordFailure(remote, this.#options.clock.monotonic());
  }

  /** Reports that this node refused a peer. */
  #reportRefusal({ remote }: Link, refusal: Refusal): void {
    const end: RefusedLink['end'] = { kind: 'refused', by: 'us', ...refusal };
    this.#options.linkErrors.refused({ end, target: undefined, linkedWith: undefined, remote });
  }

  /** Ends the link with a node, and records that the node is down. */
  lose(id: NodeId, reason: NodeDownReason): void {
    this.linked.removeNode(id)?.terminate();
    this.members.linkDown(id, reason);
    this.#probes.settle(id, false);
  }

  #changed(change: MembershipChange): void {
    if (change.type === 'left' || change.type === 'forgotten') this.linked.forget(change.id);
    if (change.type === 'learned' || change.type === 'up') this.observers.yieldTo(change.id);
    this.#options.onChange(change);
  }
}
