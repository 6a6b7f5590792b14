import type { Clock, Timer } from '../../clock.js';
import { asError, ProtocolError } from '../../errors.js';
import { clip, decode, encode } from '../codec.js';
import {
  type Build,
  type Frame,
  isHandshakeFrame,
  MAX_FRAME_BYTES,
  MAX_HANDSHAKE_BYTES,
  MAX_OBSERVER_BYTES,
  type Peer,
  type PeerFrame,
  type ReceivedFrame,
  type Role,
  type UnknownFrame,
} from '../frames.js';
import type { Closing, Connection } from '../transport/transport.js';
import { type CloseReason, closeCode, isCloseReason, type Refusal } from './close-reason.js';
import {
  accept,
  advance,
  dial,
  type Expectation,
  type HandshakeState,
  type LocalSide,
  open,
  sessionOf,
  welcome,
} from './handshake.js';
import { HeldFrames, MAX_HELD_FRAMES } from './held-frames.js';
import { endReasonOf, type LinkEndReason, VIOLATION_MESSAGES } from './link-end-reason.js';

/** The time limit of a handshake, connecting included, ms. */
const HANDSHAKE_TIMEOUT_MS = 5000;
/** A peer with at least this many unsent bytes gets no notifications, and no frames that are repeated later. */
export const MAX_BACKLOG_BYTES = 1024 * 1024;
/** The largest message of an observer, bytes. The transport may send several frames as one message. */
const MAX_OBSERVER_MESSAGE_BYTES = 2 * MAX_OBSERVER_BYTES;

export interface LinkHandlers {
  /** An accepted peer proved its identity. The owner calls {@link Link.welcome} or refuses the link, now or later. */
  onVerified(link: Link, peer: Peer): void;
  /** The other side sent its welcome. The owner calls {@link Link.open} or ends the link, now or later. */
  onWelcomed(link: Link, peer: Peer): void;
  /** The peer of an accepted link opened the link. The link is established now. */
  onOpened(link: Link, peer: Peer): void;
  onFrame(link: Link, peer: Peer, frame: PeerFrame | UnknownFrame): void;
  /** The link has ended. Called at most once, and not if the owner ended it. */
  onEnd(link: Link, end: LinkEndReason): void;
  /** The underlying connection is released. Called exactly once. */
  onReleased(link: Link): void;
}

export interface LinkOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly local: LocalSide;
  /** The node that this side wants to reach. Absent if this side accepted the connection. */
  readonly expected?: Expectation;
  readonly handlers: LinkHandlers;
  /** How long frames of the other side are held before the handshake begins, ms. Default 0. */
  readonly delayMs?: number;
}

/**
 * One connection with one peer: first the handshake, then frames. A peer that breaks the protocol loses this link only,
 * and is sent the reason.
 */
export class Link {
  readonly dialledByUs: boolean;
  readonly remote: string;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #handlers: LinkHandlers;
  readonly #timer: Timer;
  #handshake: HandshakeState;
  readonly #held: HeldFrames;
  #isOver = false;

  constructor({ connection, clock, local, expected, handlers, delayMs = 0 }: LinkOptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#handlers = handlers;
    this.remote = connection.remote;
    this.dialledByUs = expected !== undefined;
    const opening = expected === undefined ? { state: accept(local) } : dial(local, expected);
    this.#handshake = opening.state;
    const late: Refusal = { reason: 'handshake_timeout', message: `no handshake within ${HANDSHAKE_TIMEOUT_MS} ms` };
    this.#timer = clock.setTimeout(() => this.#fail(late), HANDSHAKE_TIMEOUT_MS);
    this.#held = new HeldFrames(clock, delayMs, (text) => this.#receive(text));
    connection.handle({
      onOpen: () => {
        if ('send' in opening) this.#transmit(opening.send);
      },
      onMessage: (text) => (this.#held.isHolding ? this.#hold(text) : this.#receive(text)),
      onViolation: (reason) => this.#fail({ reason, message: VIOLATION_MESSAGES[reason] }),
      onClose: (closing) => this.#closed(closing),
    });
  }

  /** The identity that the other side claims, proved only if {@link Link.isProven}; `undefined` before its greeting. */
  get peer(): Peer | undefined {
    return 'remote' in this.#handshake ? this.#handshake.remote : undefined;
  }

  /** What the other side announced about itself in its greeting; empty before the greeting arrives. */
  get build(): Build {
    return 'build' in this.#handshake ? this.#handshake.build : {};
  }

  /** The role of the other side; `undefined` before its hello arrives. Observers only dial. */
  get peerRole(): Role | undefined {
    if (this.dialledByUs) return 'member';
    return 'role' in this.#handshake ? this.#handshake.role : undefined;
  }

  /** Whether this side still has to call {@link Link.welcome} or {@link Link.open}, or end the link. */
  get isUndecided(): boolean {
    return !this.#isOver && (this.#handshake.step === 'verified' || this.#handshake.step === 'welcomed');
  }

  /** Whether the other side has proved its identity. */
  get isProven(): boolean {
    return PROVEN.has(this.#handshake.step);
  }

  /** The data that was sent but has not been transmitted yet, bytes. */
  get backlog(): number {
    return this.#connection.backlog;
  }

  /** The data received, incomplete frames included, and the data transmitted, bytes. */
  get traffic(): Pick<Connection, 'received' | 'sent'> {
    return this.#connection;
  }

  get isEstablished(): boolean {
    return !this.#isOver && this.#handshake.step === 'established';
  }

  /** Accepts a verified peer. The link is established when the peer opens it. */
  welcome(): void {
    if (this.#isOver || this.#handshake.step !== 'verified') return;
    const { state, send } = welcome(this.#handshake);
    this.#transmit(send);
    this.#handshake = state;
    this.#trust(sessionOf(state, 'acceptor'));
  }

  /** Establishes the link after the welcome of the other side. Does nothing in any other step of the handshake. */
  open(): void {
    if (this.#isOver || this.#handshake.step !== 'welcomed') return;
    const { state, send } = open(this.#handshake);
    this.#transmit(send);
    this.#establish(state);
  }

  /** Sends a frame. Does nothing unless the link is established. */
  send(frame: PeerFrame): void {
    if (this.isEstablished) this.#transmit(frame);
  }

  /** As {@link Link.send}, for a frame that is encoded already, such as a frame for many peers. */
  sendEncoded(text: string): void {
    if (this.isEstablished) this.#connection.send(text);
  }

  /** As {@link Link.sendEncoded}, and transmits at once all that was sent in this turn. */
  sendNow(text: string): void {
    if (this.isEstablished) this.#connection.sendNow(text);
  }

  /** Sends an encoded frame that will be repeated, unless the backlog is large. Returns whether there was room. */
  offer(text: string): boolean {
    const hasRoom = this.backlog < MAX_BACKLOG_BYTES;
    if (hasRoom) this.sendEncoded(text);
    return hasRoom;
  }

  /** Ends the link because of the other side, and sends the reason. */
  refuse({ reason, message }: Refusal): void {
    if (this.#isOver) return;
    // In `await_welcome`, the other side may already expect sealed frames only. So it gets the reason as a close code.
    if (this.#handshake.step !== 'await_welcome') this.#transmit({ type: 'refused', reason, message: clip(message) });
    this.close(reason);
  }

  /** Ends the link because this node stops. */
  leave(): void {
    const isAwaited = !this.#isOver && this.#handshake.step === 'await_open';
    if (this.isEstablished || isAwaited) this.#transmit({ type: 'leave' });
    this.close('leaving');
  }

  /** Ends the link; frames that this side sent before still arrive. */
  close(reason: CloseReason): void {
    this.#finish();
    this.#connection.close(closeCode(reason), reason);
  }

  /** Ends the link at once, without a close code: for a peer that does not read. */
  terminate(): void {
    this.#finish();
    this.#connection.terminate();
  }

  #hold(text: string): void {
    const message = `more than ${MAX_HELD_FRAMES} frames came during the handshake`;
    if (!this.#held.add(text)) this.#fail({ reason: 'out_of_turn', message });
  }

  #receive(text: string): void {
    if (this.#isOver) return;
    const frame = this.#decode(text);
    if (frame === undefined) return;
    if (frame.type === 'refused') {
      this.close(isCloseReason(frame.reason) ? frame.reason : 'malformed');
      this.#handlers.onEnd(this, { kind: 'refused', by: 'peer', reason: frame.reason, message: frame.message });
    } else if (this.#handshake.step !== 'established') {
      this.#shakeHands(frame, text);
    } else if (isHandshakeFrame(frame)) {
      this.#fail({ reason: 'out_of_turn', message: `a ${frame.type} frame came after the handshake` });
    } else {
      this.#handlers.onFrame(this, this.#handshake.remote, frame);
    }
  }

  #decode(text: string): ReceivedFrame | undefined {
    try {
      return decode(text, { maxBytes: this.#maxBytes });
    } catch (thrown) {
      const isKnown = thrown instanceof ProtocolError;
      const { reason, problem } = isKnown ? thrown : new ProtocolError('malformed', asError(thrown).message);
      this.#fail({ reason: isCloseReason(reason) ? reason : 'malformed', message: problem });
      return undefined;
    }
  }

  get #maxBytes(): number {
    if (this.#handshake.step !== 'established') return MAX_HANDSHAKE_BYTES;
    return this.peerRole === 'observer' ? MAX_OBSERVER_BYTES : MAX_FRAME_BYTES;
  }

  #shakeHands(frame: ReceivedFrame, text: string): void {
    const step = advance(this.#handshake, frame, text);
    if (!step.ok) {
      this.#fail(step.refusal);
      return;
    }
    const { state, send } = step;
    this.#handshake = state;
    if (send !== undefined) this.#transmit(send);
    if (state.step === 'verified') this.#handlers.onVerified(this, state.remote);
    if (state.step === 'welcomed') {
      this.#trust(sessionOf(state, 'dialer'));
      this.#handlers.onWelcomed(this, state.remote);
    }
    if (state.step === 'established') {
      this.#establish(state);
      this.#handlers.onOpened(this, state.remote);
    }
  }

  #trust(session: ReturnType<typeof sessionOf>): void {
    this.#connection.trust(session, this.peerRole === 'observer' ? MAX_OBSERVER_MESSAGE_BYTES : undefined);
  }

  #establish(state: Extract<HandshakeState, { step: 'established' }>): void {
    this.#clock.clearTimeout(this.#timer);
    this.#handshake = state;
  }

  #fail(refusal: Refusal): void {
    if (this.#isOver) return;
    this.refuse(refusal);
    this.#handlers.onEnd(this, { kind: 'refused', by: 'us', ...refusal });
  }

  #closed(closing: Closing): void {
    if (!this.#isOver) {
      this.#finish();
      // On an established link, only a sealed `refused` frame is a refusal: close codes are not authenticated.
      const isSealed = this.#handshake.step === 'established';
      this.#handlers.onEnd(this, isSealed ? { kind: 'broken', reason: clip(closing.reason) } : endReasonOf(closing));
    }
    this.#handlers.onReleased(this);
  }

  #finish(): void {
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#held.stop();
  }

  #transmit(frame: Frame): void {
    this.#connection.send(encode(frame));
  }
}

const PROVEN: ReadonlySet<HandshakeState['step']> = new Set(['verified', 'await_open', 'welcomed', 'established']);
