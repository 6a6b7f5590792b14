import { asError, HandshakeError, ProtocolError } from '../../errors.js';
import type { EngineNodeOptions } from '../engine.js';
import type { BrokerMessage } from './broker.js';
import { isEnvelope } from './envelope.js';
import { decodeMessage, type Hello, type Message } from './messages.js';
import type { Peer } from './peer.js';
import type { PeerTable } from './peer-table.js';
import { originOf, type PeerName, senderOf } from './subjects.js';

/** Answers to a hello are spread over this time for each node, ms. */
const ANSWER_PER_NODE_MS = 1;

interface Rival {
  readonly incarnation: number;
  readonly life: string;
}

interface ReceiverOptions extends Pick<EngineNodeOptions, 'incarnation' | 'life' | 'onError'> {
  readonly self: PeerName;
  readonly peers: PeerTable;
  /** Returns a random number from 0 up to 1. */
  random(): number;
  /** Another node has not heard a node for too long. */
  onLost(lost: { readonly name: string; readonly incarnation: number }): void;
  /** The broker has no connection with a peer. */
  onBounced(peer: Peer): void;
  /** Another node uses the name of this one. */
  onRival(rival: Rival): void;
  /** Calls `action` after `ms`, unless this node stops before. */
  after(ms: number, action: () => void): void;
}

/** Reads what arrives from other nodes and observers, except heartbeats, and passes it to the table of peers. */
export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  guarded(message: BrokerMessage, receive: (message: BrokerMessage) => void): void {
    try {
      receive(message);
    } catch (thrown) {
      const origin = originOf(message.subject);
      const peer = origin && this.#options.peers.get(origin);
      if (!(thrown instanceof ProtocolError) || peer === undefined) this.#options.onError(asError(thrown));
      else this.#options.peers.violated(peer, thrown.reason, thrown.message);
    }
  }

  direct({ subject, payload, isBounce }: BrokerMessage): void {
    const origin = originOf(subject);
    if (origin === undefined) return;
    const peer = this.#options.peers.get(origin);
    if (origin.isBounce) {
      // Only the broker reports this: a message without its mark may come from anyone.
      if (isBounce && peer !== undefined) this.#options.onBounced(peer);
    } else if (isEnvelope(payload)) {
      if (peer === undefined) this.#options.peers.introduce(origin, true);
      else this.#options.peers.receiveFrame(peer, payload);
    } else {
      const message = decodeMessage(payload);
      if (message?.type === 'hello') this.#greeted(origin, message);
      else if (message !== undefined && 'to' in message) this.#receive(origin, peer, message);
    }
  }

  #receive(origin: PeerName, peer: Peer | undefined, message: Extract<Message, { to: number }>): void {
    if (message.to !== this.#options.incarnation) return;
    if (peer?.incarnation === message.incarnation) this.#options.peers.receive(peer, message);
    else if (peer === undefined && message.type === 'refused')
      this.#options.onError(
        new HandshakeError(origin.name, message.reason, `refused by the other side: ${message.text}`),
      );
    else if (peer === undefined) this.#options.peers.introduce(origin, true);
  }

  toAll({ subject, payload }: BrokerMessage): void {
    const name = senderOf(subject);
    const message = decodeMessage(payload);
    if (message === undefined) return;
    if (name === this.#options.self.name && this.#options.self.role === 'member') {
      const { incarnation } = message;
      if (message.type === 'hello' && message.life !== undefined && message.life !== this.#options.life)
        this.#options.onRival({ incarnation, life: message.life });
      return;
    }
    if (message.type === 'hello') this.#greeted({ role: 'member', name }, message);
    else if (message.type === 'leave') this.#options.peers.left({ role: 'member', name }, message.incarnation);
    else if (message.type === 'lost') this.#options.onLost(message);
  }

  fromObserver({ subject, payload }: BrokerMessage): void {
    const name = { role: 'observer', name: senderOf(subject) } as const;
    const message = decodeMessage(payload);
    if (message?.type === 'hello') this.#greeted(name, message);
    else if (message?.type === 'leave') this.#options.peers.left(name, message.incarnation);
  }

  #greeted(name: PeerName, hello: Hello): void {
    const isNew = this.#options.peers.greeted(name, hello) !== undefined;
    if (!hello.asks && !isNew) return;
    // Spread over some time, so that a node that joins is not flooded.
    this.#options.after(this.#options.random() * ANSWER_PER_NODE_MS * this.#options.peers.members.length, () => {
      const peer = this.#options.peers.get(name);
      if (peer?.incarnation === hello.incarnation && (hello.asks || !peer.isIntroduced))
        this.#options.peers.introduce(name, false);
    });
  }
}
