import type { Clock } from '../../clock.js';
import type { Build, HeartbeatFrame, Peer } from '../frames.js';
import type { KnownMember, Member, MembershipChange, NodeDownReason } from '../membership.js';
import * as membership from '../membership.js';
import { createDescription, type NodeDescription } from '../node-description.js';
import type { NodeId } from '../node-id.js';
import { Heartbeats } from './heartbeats.js';
import type { LinkTable } from './link-table.js';

interface MemberStatesOptions {
  readonly clock: Clock;
  readonly linked: LinkTable;
  /** Called with each change, after the state includes it. */
  readonly onChange: (change: MembershipChange) => void;
}

/** Holds the state of all members, and emits its changes. The rules are pure functions in `membership.ts`. */
export class MemberStates {
  readonly #options: MemberStatesOptions;
  readonly #heartbeats = new Heartbeats();
  #state = membership.emptyMembership;

  constructor(options: MemberStatesOptions) {
    this.#options = options;
  }

  all(): readonly KnownMember[] {
    return [...this.#state.members.values()].map((member) => this.#described(member));
  }

  get(id: NodeId): KnownMember | undefined {
    const member = this.#state.members.get(id);
    return member && this.#described(member);
  }

  has(id: NodeId): boolean {
    return this.#state.members.has(id);
  }

  /**
   * Records that a link with the node is in use. Returns `isUp`: whether an `up` change was emitted. `isNew`: whether
   * this incarnation was unknown. `isAnnounced`: whether other nodes announced this incarnation, and this is the first
   * link with it.
   *
   * @param build what the node announced in the handshake of the link
   */
  linkUp(peer: Peer, build: Build): { readonly isUp: boolean; readonly isNew: boolean; readonly isAnnounced: boolean } {
    const { clock } = this.#options;
    const known = this.#state.members.get(peer.id);
    const isNew = known?.incarnation !== peer.incarnation;
    const isAnnounced = !isNew && known?.status === 'connecting';
    this.#heartbeats.linked(peer, clock.now());
    const outcome = membership.linkUp(this.#state, peer, clock.monotonic(), createDescription(build));
    this.#apply(outcome);
    return { isUp: outcome.changes.some(({ type }) => type === 'up'), isNew, isAnnounced };
  }

  linkDown(id: NodeId, reason: NodeDownReason): void {
    this.#apply(membership.linkDown(this.#state, id, reason, this.#options.clock.monotonic()));
  }

  left(id: NodeId): void {
    this.#apply(membership.left(this.#state, id, this.#options.clock.monotonic()));
  }

  /** Adds the members of a list that another node sent. */
  learned(peers: readonly Peer[]): void {
    this.#apply(membership.learned(this.#state, peers, this.#options.clock.monotonic()));
  }

  heartbeat(peer: Peer, frame: HeartbeatFrame): void {
    this.#heartbeats.received(peer, frame, this.#options.clock.now());
  }

  /** Removes members that no node has been linked with for `forgetAfterMs`. */
  forget(now: number, forgetAfterMs: number): void {
    this.#apply(membership.forget(this.#state, now, forgetAfterMs));
  }

  #described(member: Member & NodeDescription): KnownMember {
    const { lastHeardAt, processCount, uptimeMs } = this.#heartbeats.latest(member);
    const version = this.#options.linked.get(member.id)?.link.build.version;
    return { ...member, lastHeardAt, processCount, uptimeMs, version };
  }

  #apply({ state, changes }: membership.Outcome): void {
    this.#state = state;
    for (const change of changes) {
      if (change.type === 'left' || change.type === 'forgotten') this.#heartbeats.forget(change.id);
      this.#options.onChange(change);
    }
  }
}
