import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { nextTurn, systemClock, type Timer } from '../../clock.js';
import { asError } from '../../errors.js';
import { MAX_FRAME_BYTES } from '../frames.js';
import { TokenBucket } from '../token-bucket.js';
import { ReceiveQueue, SEPARATOR } from './receive-queue.js';
import {
  type Closing,
  type Connection,
  type ConnectionHandlers,
  MAX_UNAUTHENTICATED_BYTES,
  SEAL_CHARS,
  type Seal,
  type TransportViolation,
} from './transport.js';

/** The connection is terminated when the other side does not answer a close within this time, ms. */
export const CLOSE_TIMEOUT_MS = 1000;

/** The longest WebSocket message, bytes. */
const MAX_MESSAGE_BYTES = MAX_FRAME_BYTES + SEAL_CHARS;

/**
 * The options of `ws` on both sides. Compression would cost most of the throughput of small frames, and memory for
 * every connection. Nodes send each message as one fragment, but a proxy may split it. Each fragment, and each read of
 * the socket, takes some hundred bytes of memory until its message is whole, so the numbers of fragments and reads are
 * limited. `WsConnection` answers pings itself, within {@link CONTROL_FRAMES}.
 */
export const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE_BYTES,
  maxFragments: 16,
  maxBufferedChunks: 8192,
  autoPong: false,
} as const;

/**
 * The most data, and the most reads of the socket, from the end of one message to the end of the next. For an
 * unauthenticated peer: the most data and reads in all.
 */
interface ReceiveLimit {
  readonly bytes: number;
  /** Even a read of one byte takes some hundred bytes of memory until its message is whole. */
  readonly reads: number;
}

const UNAUTHENTICATED_LIMIT: ReceiveLimit = { bytes: MAX_UNAUTHENTICATED_BYTES, reads: 256 };

/**
 * The smallest allowed average size of a read on a trusted connection, bytes, if a message has the maximum size. The
 * reads on real networks are larger.
 */
const MIN_READ_BYTES = 256;

/**
 * An allowance for WebSocket headers, and for data that was read together with the end of the previous message, bytes.
 */
const READ_SLACK_BYTES = 64 * 1024;

/** The rate limit of pings and pongs. Nodes send none, but a proxy between them may. */
const CONTROL_FRAMES = { burst: 16, perSecond: 4 };

/** Makes `ws` send bytes as a text message. */
const AS_TEXT = { binary: false };

/** The most characters of several frames that are transmitted as one message. A single frame may be longer. */
const MAX_BATCH_CHARS = 256 * 1024;

/**
 * A connection over a WebSocket. Collects the frames that are sent in one turn, and limits what the other side sends.
 */
export class WsConnection implements Connection {
  readonly remote: string;
  readonly #webSocket: WebSocket;
  #handlers: ConnectionHandlers | undefined;
  #socket: Socket | undefined;
  #closeTimer: Timer | undefined;
  #problem = '';
  #isTrusted = false;
  #limit = UNAUTHENTICATED_LIMIT;
  /** The value of `received` when the last whole message of a trusted peer arrived; 0 before. */
  #wholeBytes = 0;
  /** The number of reads since the last whole message of a trusted peer arrived; before, the number of all reads. */
  #reads = 0;
  readonly #controlFrames = new TokenBucket(CONTROL_FRAMES, systemClock.monotonic());
  readonly #onTrusted: (() => void) | undefined;
  #seal: Seal | undefined;
  readonly #receiveQueue = new ReceiveQueue({
    onFrame: (text) => this.#handlers?.onMessage(text),
    onForged: () => this.#handlers?.onViolation('forged'),
    onPause: () => this.#webSocket.pause(),
    onDrained: () => {
      this.#webSocket.resume();
      if (this.#closing !== undefined) this.#handlers?.onClose(this.#closing);
    },
  });
  /** How the connection ended, if it ended while delivery was paused. */
  #closing: Closing | undefined;
  /** The frames that were sent in this turn and are not transmitted yet. */
  #unsent: string[] = [];
  #unsentLength = 0;
  /** The data that was passed to the WebSocket and is not written yet, bytes. */
  #unwrittenBytes = 0;

  constructor(webSocket: WebSocket, remote: string, onTrusted?: () => void) {
    this.#webSocket = webSocket;
    this.#onTrusted = onTrusted;
    this.remote = remote;
    // Added here and not in handle(): an `error` event without a listener would end the Node.js process.
    webSocket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  get backlog(): number {
    return this.#unwrittenBytes + this.#unsentLength;
  }

  get received(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  get sent(): number {
    return this.#socket?.bytesWritten ?? 0;
  }

  /**
   * Limits the memory for incomplete messages. `ws` emits whole messages only, so the reads of the socket are counted.
   */
  enforceLimits(socket: Socket): void {
    this.#socket = socket;
    // This listener runs after the listener of `ws`, so a message that this read completed already counts as whole.
    socket.on('data', () => {
      this.#reads += 1;
      const { bytes, reads } = this.#limit;
      if (socket.bytesRead - this.#wholeBytes > bytes || this.#reads > reads) this.#stopReading('frame_too_large');
    });
  }

  trust(seal?: Seal, maxMessageBytes: number = MAX_MESSAGE_BYTES): void {
    this.#flush();
    this.#isTrusted = true;
    this.#limit = { bytes: maxMessageBytes + READ_SLACK_BYTES, reads: Math.ceil(maxMessageBytes / MIN_READ_BYTES) };
    this.#onTrusted?.();
    this.#seal = seal;
    if (seal !== undefined) this.#receiveQueue.trust(seal);
  }

  /**
   * Ends the time in which the other side may prove its identity. Reports a violation if the other side has not proved
   * it.
   */
  expire(): void {
    if (!this.#isTrusted) this.#handlers?.onViolation('handshake_timeout');
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    this.#webSocket.on('open', () => handlers.onOpen?.());
    this.#webSocket.on('message', (data, isBinary) => {
      if (isBinary) handlers.onViolation('binary_frame');
      else this.#receiveQueue.add(data.toString());
      if (this.#isTrusted) this.#messageIsWhole();
    });
    this.#webSocket.on('ping', (data) => {
      // No pong while data is unsent: pongs must not pile up for a peer that does not read.
      if (this.#takeControlFrame() && this.#webSocket.bufferedAmount === 0) this.#webSocket.pong(data);
    });
    this.#webSocket.on('pong', () => this.#takeControlFrame());
    this.#webSocket.on('close', (code, reason) => {
      if (this.#closeTimer !== undefined) systemClock.clearTimeout(this.#closeTimer);
      const closing = { code, reason: reason.toString() || this.#problem };
      if (this.#receiveQueue.isPaused) this.#closing = closing;
      else handlers.onClose(closing);
    });
  }

  send(text: string): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    if (this.#unsent.length === 0) nextTurn(this.#flush);
    this.#collect(text);
  }

  sendNow(text: string): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#collect(text);
    this.#flush();
  }

  #collect(text: string): void {
    if (this.#unsentLength + text.length > MAX_BATCH_CHARS) this.#flush();
    this.#unsent.push(text);
    this.#unsentLength += text.length;
  }

  readonly #flush = (): void => {
    const texts = this.#unsent;
    if (texts.length === 0) return;
    this.#unsent = [];
    this.#unsentLength = 0;
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    const text = texts.join(SEPARATOR);
    // Passed as bytes, because `ws` would compute the length of a text again. Also, a client, which masks its messages,
    // writes bytes in one piece, but a text in two.
    const message = Buffer.from(this.#seal?.seal(text) ?? text);
    this.#unwrittenBytes += message.length;
    this.#webSocket.send(message, AS_TEXT, (error) => {
      this.#unwrittenBytes -= message.length;
      // The data is lost with the connection. The `close` event follows, and `onClose` receives this reason.
      if (error) this.#problem ||= problemOf(error);
    });
  };

  close(code: number, reason: string): void {
    if (this.#webSocket.readyState === WebSocket.CLOSED) return;
    this.#flush();
    this.#webSocket.close(code, reason);
    this.#closeTimer ??= systemClock.setTimeout(() => this.#webSocket.terminate(), CLOSE_TIMEOUT_MS);
  }

  terminate(): void {
    this.#receiveQueue.clear();
    this.#webSocket.terminate();
  }

  #messageIsWhole(): void {
    this.#wholeBytes = this.received;
    this.#reads = 0;
  }

  #takeControlFrame(): boolean {
    if (this.#controlFrames.take(systemClock.monotonic())) return true;
    if (!this.#webSocket.isPaused) this.#stopReading('malformed');
    return false;
  }

  #stopReading(violation: TransportViolation): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) {
      this.#webSocket.pause();
      this.#handlers?.onViolation(violation);
    } else {
      // The connection is closing already, but the peer keeps sending, so the close is not awaited.
      this.terminate();
    }
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#problem = problemOf(error);
    if (!this.#problem.startsWith('WS_ERR_')) return;
    const isTooLarge = this.#problem === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    this.#handlers?.onViolation(isTooLarge ? 'frame_too_large' : 'malformed');
  }
}

function problemOf(error: NodeJS.ErrnoException): string {
  return error.code ?? asError(error).message;
}
