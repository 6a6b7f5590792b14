import type { Clock } from '../../clock.js';
import { HandshakeError } from '../../errors.js';
import type { EngineNodeOptions } from '../engine.js';
import type { Role } from '../frames.js';
import * as membership from '../membership.js';
import { isNodeName, NodeId } from '../node-id.js';
import type { Requester } from '../rpc.js';
import { decodeEnvelope } from './envelope.js';
import { readFrame, violationOf } from './frame-check.js';
import {
  type CheckMessage,
  encodeMessage,
  type Hello,
  type LinkMessage,
  type Message,
  type ResetMessage,
} from './messages.js';
import { MAX_OBSERVERS, ObserverTable } from './observer-table.js';
import { Peer } from './peer.js';
import { PeerLink } from './peer-link.js';
import { idOf, type PeerName } from './subjects.js';

export interface PeerTableOptions
  extends Pick<EngineNodeOptions, 'onChange' | 'onFrame' | 'onError' | 'isPublic' | 'onObserverGone'> {
  readonly clock: Clock;
  readonly cluster: string;
  readonly incarnation: number;
  readonly role: Role;
  readonly maxPayload: number;
  /** Whether the broker is connected. */
  isConnected(): boolean;
  /** Publishes to the inbox of one peer. */
  publish(to: PeerName, payload: Uint8Array): void;
  /** The hello of this node. */
  hello(asks: boolean): Hello;
}

/** The other members, and the observers, of one node; with its links to them. */
export class PeerTable {
  readonly #options: PeerTableOptions;
  readonly #members = new Map<string, Peer>();
  readonly #observers: ObserverTable;
  #membership = membership.emptyMembership;

  constructor(options: PeerTableOptions) {
    this.#options = options;
    this.#observers = new ObserverTable(options.onObserverGone);
  }

  get members(): readonly Peer[] {
    return [...this.#members.values()];
  }

  get all(): readonly Peer[] {
    return [...this.#members.values(), ...this.#observers.all];
  }

  /** Returns the peer with this id; for a {@link Requester}, only this incarnation and role of it. */
  find(to: NodeId | Requester): Peer | undefined {
    const { name, host } = NodeId.parts(typeof to === 'string' ? to : to.id);
    if (typeof to === 'string') return this.get({ name, role: host === this.#options.cluster ? 'member' : 'observer' });
    const peer = this.get({ name, role: to.role });
    return peer?.incarnation === to.incarnation ? peer : undefined;
  }

  get({ name, role }: PeerName): Peer | undefined {
    return role === 'member' ? this.#members.get(name) : this.#observers.get(name);
  }

  status(id: NodeId): membership.NodeStatus | undefined {
    return this.#membership.members.get(id)?.status;
  }

  known(id: NodeId): membership.KnownMember | undefined {
    const member = this.#membership.members.get(id);
    const peer = this.#members.get(NodeId.parts(id).name);
    return member === undefined || peer === undefined ? undefined : { ...member, ...peer.known };
  }

  knownMembers(): readonly membership.KnownMember[] {
    return [...this.#membership.members.keys()].flatMap((id) => this.known(id) ?? []);
  }

  /** Sends the hello of this node to one peer. */
  introduce(name: PeerName, asks: boolean): void {
    const peer = this.get(name);
    if (peer !== undefined) peer.isIntroduced = true;
    this.#options.publish(name, encodeMessage(this.#options.hello(asks)));
  }

  /** Handles the hello of a peer. Returns the peer if it is new. */
  greeted(name: PeerName, hello: Hello): Peer | undefined {
    const { role, clock } = this.#options;
    if ((name.role === 'observer' && role === 'observer') || !isNodeName(name.name)) return undefined;
    const known = this.get(name);
    if (known !== undefined && hello.incarnation < known.incarnation) return undefined;
    if (known?.incarnation === hello.incarnation) {
      known.beaten(hello, clock.monotonic(), clock.now());
      if (!known.link.isOpen && !known.isRefused) this.#propose(known);
      return undefined;
    }
    const peer = this.#create(name, hello);
    if (name.role === 'member') this.#members.set(name.name, peer);
    else if (!this.#observers.add(peer)) {
      this.#refuse(name, hello.incarnation, 'too_many_observers', `this node has ${MAX_OBSERVERS} observers`);
      return undefined;
    }
    this.#opened(peer);
    return peer;
  }

  /** The node or observer stops. */
  left({ name, role }: PeerName, incarnation: number): void {
    const peer = this.get({ name, role });
    if (peer?.incarnation !== incarnation) return;
    if (role === 'observer') this.#observers.forget(peer);
    else this.#remove(peer);
  }

  /** The peer cannot be reached, or was silent for too long. */
  lost(peer: Peer, reason: membership.NodeDownReason): void {
    if (peer.name.role === 'observer') {
      this.#observers.close(peer);
      return;
    }
    if (peer.link.isOpen) peer.link.close();
    peer.isResetting = false;
    this.#apply(membership.linkDown(this.#membership, peer.id, reason, this.#options.clock.monotonic()));
  }

  /** Ends the link with a peer until the peer is heard again, without a verdict about the peer. */
  unlink(peer: Peer): void {
    if (peer.name.role === 'observer') this.#observers.close(peer);
    if (!peer.link.isOpen) return;
    peer.link.close();
    if (this.status(peer.id) === 'connected')
      this.#options.onChange({ type: 'unlinked', id: peer.id, incarnation: peer.incarnation });
  }

  /** Ends the link with a peer, and proposes a new epoch of it. @param above an epoch that the other side has begun */
  reset(peer: Peer, above?: number): void {
    if (peer.link.isOpen) this.unlink(peer);
    if (above !== undefined && above >= peer.link.epoch) peer.link.close(above);
    this.#propose(peer);
  }

  /** Forgets members and observers that have been disconnected for long. */
  forget(forgetAfterMs: number): void {
    const now = this.#options.clock.monotonic();
    this.#observers.forgetSilent(now - forgetAfterMs);
    const outcome = membership.forget(this.#membership, now, forgetAfterMs);
    this.#apply(outcome);
    for (const { type, id } of outcome.changes) if (type === 'forgotten') this.#members.delete(NodeId.parts(id).name);
  }

  /** This node stops: every member goes down and leaves. */
  clear(): void {
    for (const peer of [...this.#members.values()]) this.#remove(peer);
    for (const peer of this.#observers.all) this.#observers.forget(peer);
  }

  /** Handles a message about the link, or a refusal. */
  receive(peer: Peer, message: LinkMessage | Extract<Message, { type: 'refused' }>): void {
    peer.heard(this.#options.clock.monotonic());
    if (message.type === 'refused') this.#refused(peer, message.reason, message.text);
    else if (message.type === 'reset' || message.type === 'reset_ok') this.#receiveReset(peer, message);
    else this.#receiveCheck(peer, message);
  }

  /** Handles a piece of a frame. @throws ProtocolError */
  receiveFrame(peer: Peer, payload: Uint8Array): void {
    const { incarnation, clock } = this.#options;
    const { head, piece } = decodeEnvelope(payload);
    if (head.from !== peer.incarnation || head.to !== incarnation || peer.isRefused) return;
    peer.heard(clock.monotonic());
    if (head.epoch > peer.link.epoch) this.reset(peer, head.epoch);
    if (head.epoch !== peer.link.epoch || !peer.link.isOpen) return;
    const arrival = peer.link.receive(head, piece);
    if (arrival.type === 'gap') this.reset(peer);
    else if (arrival.type === 'frame') this.#deliver(peer, arrival.text);
  }

  /** Ends the link with a peer that has broken the protocol. */
  violated(peer: Peer, reason: string, problem: string): void {
    this.#options.onError(new HandshakeError(peer.id, reason, problem));
    this.#refuse(peer.name, peer.incarnation, reason, problem);
    peer.isRefused = true;
    this.lost(peer, 'connection_closed');
  }

  #deliver(peer: Peer, text: string): void {
    const { clock, isPublic, onFrame } = this.#options;
    const frame = readFrame(peer, text);
    if (frame === undefined) return;
    const violation = violationOf(peer, frame, clock.monotonic(), isPublic);
    if (violation === undefined) onFrame(peer.requester, frame);
    else this.violated(peer, violation.reason, violation.problem);
  }

  #receiveReset(peer: Peer, { type, epoch }: ResetMessage): void {
    const { link } = peer;
    if (peer.isRefused) return;
    if (type === 'reset_ok') {
      if (epoch === link.epoch && !link.isOpen) {
        link.open();
        this.#opened(peer);
      }
    } else if (epoch > link.epoch || (epoch === link.epoch && !link.isOpen)) {
      if (link.isOpen && peer.name.role === 'observer') this.#options.onObserverGone(peer.id);
      link.follow(epoch);
      this.#opened(peer);
    } else if (epoch === link.epoch) {
      link.confirm();
    } else {
      // The other side has forgotten the link, or an epoch of it.
      this.reset(peer, link.epoch);
    }
  }

  #receiveCheck(peer: Peer, message: CheckMessage): void {
    const { link } = peer;
    if (message.epoch > link.epoch) this.reset(peer, message.epoch);
    if (message.epoch !== link.epoch || !link.isOpen) return;
    if (message.type === 'mark') {
      if (link.marked(message.sequence).type === 'gap') this.reset(peer);
      return;
    }
    link.acknowledged(message.received);
    if (message.isAnswer) link.markAnswered(this.#options.clock.monotonic());
  }

  #refused(peer: Peer, reason: string, text: string): void {
    this.#options.onError(new HandshakeError(peer.id, reason, `refused by the other side: ${text}`));
    peer.isRefused = true;
    this.lost(peer, 'connection_refused');
  }

  #refuse(to: PeerName, incarnation: number, reason: string, text: string): void {
    const refusal = { type: 'refused', incarnation: this.#options.incarnation, to: incarnation, reason, text } as const;
    this.#options.publish(to, encodeMessage(refusal));
  }

  #propose(peer: Peer): void {
    peer.isResetting = true;
    this.#introduceFirst(peer);
    peer.link.propose();
  }

  #opened(peer: Peer): void {
    peer.isResetting = false;
    if (peer.name.role === 'member')
      this.#apply(
        membership.linkUp(this.#membership, peer.requester, this.#options.clock.monotonic(), peer.description),
      );
  }

  #remove(peer: Peer): void {
    const { id } = peer;
    this.#apply(membership.left(this.#membership, id, this.#options.clock.monotonic()));
    this.#members.delete(peer.name.name);
  }

  #create(name: PeerName, hello: Hello): Peer {
    const { cluster, incarnation, maxPayload, publish, clock, isConnected } = this.#options;
    const link = new PeerLink({
      from: incarnation,
      to: hello.incarnation,
      maxPayload,
      isConnected,
      publish: (payload) => {
        this.#introduceFirst(peer);
        publish(name, payload);
      },
      send: (message) => publish(name, encodeMessage(message)),
    });
    const peer: Peer = new Peer(name, idOf(name, cluster), hello, link, clock.monotonic());
    peer.beaten(hello, clock.monotonic(), clock.now());
    return peer;
  }

  /** A peer must know this node before it receives anything else from it. */
  #introduceFirst(peer: Peer): void {
    if (!peer.isIntroduced) this.introduce(peer.name, false);
  }

  #apply({ state, changes }: membership.Outcome): void {
    this.#membership = state;
    for (const change of changes) this.#options.onChange(change);
  }
}
