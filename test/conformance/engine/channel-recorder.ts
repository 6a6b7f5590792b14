import type { Channels } from '../../../src/cluster/channels.js';
import type { Peer } from '../../../src/cluster/frames.js';
import type { NodeId } from '../../../src/cluster/node-id.js';
import { NodeNotConnectedError } from '../../../src/errors.js';

/** One channel as one of its two sides saw it, from up to down. */
export interface Session {
  readonly peer: Peer;
  isOpen: boolean;
  /** The numbers that this side sent, those of broadcasts included. */
  readonly sent: number[];
  readonly received: number[];
}

/** Uses the channels of one node, and records what happens on them. Every item is a number that is sent once. */
export class ChannelRecorder {
  readonly self: Peer;
  readonly sessions: Session[] = [];
  /** Broken promises of the engine, in words. */
  readonly violations: string[] = [];
  readonly #channels: Channels;
  readonly #nextNumber: () => number;
  readonly #open = new Map<NodeId, Session>();

  constructor(self: Peer, channels: Channels, nextNumber: () => number) {
    this.self = self;
    this.#channels = channels;
    this.#nextNumber = nextNumber;
    for (const peer of channels.peers()) this.#up(peer);
    channels.onUp((peer) => this.#up(peer));
    channels.onDown((peer) => this.#down(peer));
    channels.onItems((peer, items) => this.#received(peer, items));
  }

  open(id: NodeId): Session | undefined {
    return this.#open.get(id);
  }

  peers(): readonly NodeId[] {
    return [...this.#open.keys()];
  }

  send(to: NodeId): void {
    const number = this.#nextNumber();
    const session = this.#open.get(to);
    try {
      this.#channels.send(to, [number]);
    } catch (error) {
      if (!(error instanceof NodeNotConnectedError)) throw error;
      if (session !== undefined) this.#violate(`an open channel with ${to} refused an item`);
      return;
    }
    if (session === undefined) this.#violate(`an item was taken for ${to} without a channel`);
    session?.sent.push(number);
  }

  broadcast(): void {
    const number = this.#nextNumber();
    const sessions = [...this.#open.values()];
    this.#channels.broadcast([number]);
    for (const session of sessions) session.sent.push(number);
  }

  #up(peer: Peer): void {
    if (this.#open.has(peer.id)) this.#violate(`up of ${peer.id}, which was up`);
    const session: Session = { peer, isOpen: true, sent: [], received: [] };
    this.sessions.push(session);
    this.#open.set(peer.id, session);
    // The first item of every channel, so that the other side knows which one it has.
    this.send(peer.id);
  }

  #down(peer: Peer): void {
    const session = this.#open.get(peer.id);
    if (session?.peer.incarnation !== peer.incarnation) this.#violate(`down of ${peer.id}, which was not up`);
    if (session !== undefined) session.isOpen = false;
    this.#open.delete(peer.id);
    this.send(peer.id);
  }

  #received(peer: Peer, items: readonly unknown[]): void {
    const session = this.#open.get(peer.id);
    if (session?.peer.incarnation !== peer.incarnation) this.#violate(`an item of ${peer.id} outside a channel`);
    session?.received.push(...items.map(Number));
    if (items.some((item) => Number(item) % 7 === 0)) this.send(peer.id);
  }

  #violate(text: string): void {
    this.violations.push(`${this.self.id}: ${text}`);
  }
}

/** Whether the two sides have the same channel, as far as the first item of the sender shows. */
export function isShared(sender: Session, receiver: Session | undefined): boolean {
  return receiver !== undefined && receiver.received[0] === sender.sent[0];
}

/**
 * What arrived in each channel has to be a prefix of what was sent in one channel at the other side, of each such channel
 * at most once, and in the order of the channels.
 */
export function prefixViolations(recorders: readonly ChannelRecorder[]): readonly string[] {
  const violations: string[] = [];
  for (const receiver of recorders) {
    for (const sender of recorders) {
      const sent = sender.sessions.filter(({ peer }) => isSame(peer, receiver.self));
      const received = receiver.sessions.filter(
        ({ peer, received }) => isSame(peer, sender.self) && received.length > 0,
      );
      let from = 0;
      for (const session of received) {
        const at = sent.findIndex((candidate, index) => index >= from && isPrefix(session.received, candidate.sent));
        if (at < 0) violations.push(`${receiver.self.id} received ${session.received} of ${sender.self.id}`);
        from = at + 1;
      }
    }
  }
  return violations;
}

function isPrefix(part: readonly number[], whole: readonly number[]): boolean {
  return part.length <= whole.length && part.every((number, at) => number === whole[at]);
}

function isSame(one: Peer, other: Peer): boolean {
  return one.id === other.id && one.incarnation === other.incarnation;
}
