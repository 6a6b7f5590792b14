import { ProtocolError } from '../../errors.js';
import { MAX_FRAME_BYTES } from '../frames.js';
import { type EnvelopeHead, encodeEnvelope, MAX_HEAD_BYTES } from './envelope.js';
import type { LinkMessage } from './messages.js';

/** No more is sent to a peer while at least this many bytes are not acknowledged. The rest waits in this node. */
const WINDOW_BYTES = 1024 * 1024;

/** The receiver acknowledges after this many bytes. */
const ACKNOWLEDGED_BYTES = 64 * 1024;

/** All pieces of a frame but the last one have at least this size, so that a frame does not become many buffers. */
const MIN_PIECE_BYTES = 1024;

/** What one side of a link needs. */
export interface PeerLinkPorts {
  /** The incarnations of both sides. */
  readonly from: number;
  readonly to: number;
  /** The largest payload of the broker, bytes. */
  readonly maxPayload: number;
  /** Whether the broker is connected. While it is not, frames wait. */
  isConnected(): boolean;
  publish(payload: Uint8Array): void;
  send(message: LinkMessage): void;
}

/** What a side does with a piece or mark that arrived. `gap`: something is missing, so the link must be reset. */
export type Arrival = { readonly type: 'frame'; readonly text: string } | { readonly type: 'none' | 'gap' };

const NONE: Arrival = { type: 'none' };
const GAP: Arrival = { type: 'gap' };

/**
 * One side of the link between two peers over a broker. Both sides number what they send. A side that misses a number ends
 * the epoch; a new one begins with empty counters, after the other side has confirmed it. So what arrives in an epoch is a
 * prefix of what was sent in it. A link that no side has reset is in epoch 0, which needs no handshake: both sides know that
 * the other one has sent nothing before.
 */
export class PeerLink {
  readonly #ports: PeerLinkPorts;
  #epoch = 0;
  #isOpen = true;
  #sentSequence = 0;
  #receivedSequence = 0;
  /** Bytes of this epoch, with those that wait. */
  #sentBytes = 0;
  #transmittedBytes = 0;
  #acknowledgedBytes = 0;
  #receivedBytes = 0;
  #reportedBytes = 0;
  #waiting: { readonly piece: Uint8Array; readonly hasMore: boolean }[] = [];
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;
  /** The mark that is not answered yet: when it was sent, ms of the monotonic clock. */
  #markedAt: number | undefined;
  /** Bytes of earlier epochs. */
  #earlier = { sent: 0, received: 0 };
  #roundTripMs: number | null = null;
  #reconnects = 0;

  constructor(ports: PeerLinkPorts) {
    this.#ports = ports;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** What was sent and is not acknowledged, bytes. */
  get backlog(): number {
    return this.#sentBytes - this.#acknowledgedBytes;
  }

  /** Whether all frames have been passed to the broker. */
  get isFlushed(): boolean {
    return this.#waiting.length === 0;
  }

  get totals(): { sentBytes: number; receivedBytes: number; roundTripMs: number | null; reconnects: number } {
    const { sent, received } = this.#earlier;
    const sentBytes = sent + this.#transmittedBytes;
    const receivedBytes = received + this.#receivedBytes;
    return { sentBytes, receivedBytes, roundTripMs: this.#roundTripMs, reconnects: this.#reconnects };
  }

  /** Sends a frame. The link must be open. */
  send(text: string): void {
    const bytes = Buffer.from(text);
    const size = Math.max(MIN_PIECE_BYTES, this.#ports.maxPayload - MAX_HEAD_BYTES);
    for (let at = 0; at < bytes.length; at += size)
      this.#waiting.push({ piece: bytes.subarray(at, at + size), hasMore: at + size < bytes.length });
    this.#sentBytes += bytes.length;
    this.#transmit();
  }

  /** Handles a piece of a frame of this epoch. @throws ProtocolError (`frame_too_large`) */
  receive(head: EnvelopeHead, piece: Uint8Array): Arrival {
    this.acknowledged(head.received);
    // A smaller number is a gap, too: the broker repeats nothing, so the other side has begun the epoch again.
    if (head.sequence !== this.#receivedSequence + 1) return GAP;
    this.#receivedSequence = head.sequence;
    this.#receivedBytes += piece.length;
    if (this.#receivedBytes - this.#reportedBytes >= ACKNOWLEDGED_BYTES) this.#acknowledge(false);
    this.#piecesBytes += piece.length;
    if (this.#piecesBytes > MAX_FRAME_BYTES)
      throw new ProtocolError('frame_too_large', `a frame of more than ${MAX_FRAME_BYTES} bytes`);
    if (head.hasMore && piece.length < MIN_PIECE_BYTES)
      throw new ProtocolError('malformed', 'a piece that is too small');
    if (head.hasMore) {
      // A copy: the memory of a payload belongs to the client of the broker.
      this.#pieces.push(Uint8Array.from(piece));
      return NONE;
    }
    const whole = this.#pieces.length === 0 ? piece : Buffer.concat([...this.#pieces, piece]);
    this.#pieces = [];
    this.#piecesBytes = 0;
    return { type: 'frame', text: Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString() };
  }

  /** Handles a mark of this epoch: says whether all before it has arrived. */
  marked(sequence: number): Arrival {
    if (sequence !== this.#receivedSequence) return GAP;
    this.#acknowledge(true);
    return NONE;
  }

  /** The other side has received this many bytes of this epoch. */
  acknowledged(received: number): void {
    if (received <= this.#acknowledgedBytes || received > this.#transmittedBytes) return;
    this.#acknowledgedBytes = received;
    this.#transmit();
  }

  /** The other side has answered the last mark. */
  markAnswered(now: number): void {
    if (this.#markedAt !== undefined) this.#roundTripMs = now - this.#markedAt;
    this.#markedAt = undefined;
  }

  /** The broker is connected again: sends what waits, and asks for what was lost. */
  connected(now: number): void {
    if (!this.#isOpen) return;
    this.#transmit();
    this.#markedAt = undefined;
    this.mark(now);
  }

  /** Asks the other side to compare what it has received, if some of it is not acknowledged and no mark is pending. */
  mark(now: number): void {
    const isAcknowledged = this.#transmittedBytes === this.#acknowledgedBytes;
    if (!this.#isOpen || this.#markedAt !== undefined || isAcknowledged) return;
    this.#markedAt = now;
    this.#ports.send({ type: 'mark', sequence: this.#sentSequence, ...this.#head() });
  }

  /** For how long a mark has not been answered, ms. */
  unansweredMs(now: number): number {
    return this.#markedAt === undefined ? 0 : now - this.#markedAt;
  }

  /** Ends the epoch. Nothing is sent or received until the other side has confirmed the next one. */
  close(above = this.#epoch): void {
    this.#begin(Math.max(this.#epoch, above) + 1);
    this.#isOpen = false;
  }

  /** Proposes the next epoch to the other side, after {@link close}. */
  propose(): void {
    this.#ports.send({ type: 'reset', ...this.#head() });
  }

  /** Begins an epoch that the other side has proposed, and confirms it. */
  follow(epoch: number): void {
    this.#begin(epoch);
    this.#ports.send({ type: 'reset_ok', ...this.#head() });
  }

  /** Opens the epoch that this side has proposed. */
  open(): void {
    this.#isOpen = true;
  }

  confirm(): void {
    this.#ports.send({ type: 'reset_ok', ...this.#head() });
  }

  #begin(epoch: number): void {
    const { sentBytes, receivedBytes } = this.totals;
    this.#earlier = { sent: sentBytes, received: receivedBytes };
    this.#epoch = epoch;
    this.#isOpen = true;
    this.#sentSequence = 0;
    this.#receivedSequence = 0;
    this.#sentBytes = 0;
    this.#transmittedBytes = 0;
    this.#acknowledgedBytes = 0;
    this.#receivedBytes = 0;
    this.#reportedBytes = 0;
    this.#waiting = [];
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#markedAt = undefined;
    this.#reconnects += 1;
  }

  #transmit(): void {
    if (!this.#ports.isConnected()) return;
    let count = 0;
    for (const { piece, hasMore } of this.#waiting) {
      if (this.#transmittedBytes - this.#acknowledgedBytes >= WINDOW_BYTES) break;
      count += 1;
      this.#sentSequence += 1;
      this.#transmittedBytes += piece.length;
      this.#reportedBytes = this.#receivedBytes;
      const { from, to } = this.#ports;
      const head = {
        from,
        to,
        epoch: this.#epoch,
        sequence: this.#sentSequence,
        hasMore,
        received: this.#receivedBytes,
      };
      this.#ports.publish(encodeEnvelope(head, piece));
    }
    this.#waiting.splice(0, count);
  }

  #acknowledge(isAnswer: boolean): void {
    this.#reportedBytes = this.#receivedBytes;
    this.#ports.send({ type: 'ack', received: this.#receivedBytes, isAnswer, ...this.#head() });
  }

  #head(): { incarnation: number; to: number; epoch: number } {
    return { incarnation: this.#ports.from, to: this.#ports.to, epoch: this.#epoch };
  }
}
