import { systemClock } from '../../clock.js';
import type { Seal } from './transport.js';

/** Separates the frames of one message. The JSON of a frame has no line breaks. */
export const SEPARATOR = '\n';

/** The time for which one connection delivers frames before other connections have their turn, ms. */
const SLICE_MS = 5;

/** The longest pause between two turns of a connection, ms. A longer pause could delay a queued heartbeat too much. */
const MAX_PAUSE_MS = 20;

/**
 * If less than this time passes between two messages, both come from one read of the socket, ms. `ws` spent the time on
 * parsing, so it does not count as time that other connections had.
 */
const SAME_READ_MS = 0.02;

/**
 * The number of frames that are delivered between two reads of the clock. A read takes a tenth of the time of the
 * smallest frame, so the clock is not read after each frame.
 */
const FRAMES_PER_CLOCK_READ = 16;

interface ReceiveQueueHandlers {
  onFrame(text: string): void;
  /** Called when a message does not match the seal. Messages that are waiting are dropped. */
  onForged(): void;
  /** Called when delivery pauses because its time slice is over. The owner should stop reading. */
  onPause(): void;
  /** Called after a pause, when everything received has been delivered. */
  onDrained(): void;
}

/**
 * Delivers the messages of one connection to its owner, frame by frame. After {@link SLICE_MS} of delivery, the queue
 * pauses for as long as it has delivered, at most {@link MAX_PAUSE_MS}. So a connection that receives much data leaves
 * about half of the time to other connections.
 */
export class ReceiveQueue {
  readonly #handlers: ReceiveQueueHandlers;
  #seal: Seal | undefined;
  #messages: string[] = [];
  /** The undelivered rest of the current message. */
  #rest: string | undefined;
  #isPaused = false;
  /** The time spent on delivery, less the time that other connections had in between, ms. */
  #spentMs = 0;
  /** When the clock was read last, ms of the monotonic clock. */
  #measuredAt = 0;

  constructor(handlers: ReceiveQueueHandlers) {
    this.#handlers = handlers;
  }

  /** Whether delivery is paused. During a pause, received data may be waiting. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /**
   * Requires the seal on all messages from now on. The undelivered rest of the current message has no seal, so it is
   * rejected, too.
   */
  trust(seal: Seal): void {
    this.#seal = seal;
    if (this.#rest !== undefined) this.#messages.unshift(this.#rest);
    this.#rest = undefined;
  }

  /** Adds a message, and delivers it at once unless delivery is paused. */
  add(message: string): void {
    this.#messages.push(message);
    if (!this.#isPaused) this.#deliver();
  }

  /** Drops everything that is waiting. Does not end a pause. */
  clear(): void {
    this.#messages = [];
    this.#rest = undefined;
  }

  #deliver(): void {
    this.#measurePause();
    let frames = 0;
    for (let text = this.#next(); text !== undefined; text = this.#next()) {
      this.#handlers.onFrame(text);
      frames += 1;
      if (frames % FRAMES_PER_CLOCK_READ === 0 && this.#isSliceOver()) {
        this.#pause();
        return;
      }
    }
    if (this.#isSliceOver()) {
      this.#pause();
      return;
    }
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#handlers.onDrained();
  }

  /** Removes and returns the next frame; `undefined` if there is none, or its message is forged. */
  #next(): string | undefined {
    const text = this.#rest ?? this.#open(this.#messages.shift());
    if (text === undefined) return undefined;
    const end = text.indexOf(SEPARATOR);
    this.#rest = end < 0 ? undefined : text.slice(end + 1);
    return end < 0 ? text : text.slice(0, end);
  }

  /**
   * Returns the text of a message. If a seal is required and does not match, drops everything that is waiting, calls
   * `onForged`, and returns `undefined`.
   */
  #open(message: string | undefined): string | undefined {
    if (message === undefined || this.#seal === undefined) return message;
    const text = this.#seal.open(message);
    if (text === undefined) {
      this.clear();
      this.#handlers.onForged();
    }
    return text;
  }

  /**
   * Subtracts the time that other connections had since the last delivery, because this connection need not pause for
   * that time. Adds the time instead if `ws` spent it on parsing. See {@link SAME_READ_MS}.
   */
  #measurePause(): void {
    const now = systemClock.monotonic();
    const othersMs = now - this.#measuredAt;
    this.#spentMs = othersMs < SAME_READ_MS ? this.#spentMs + othersMs : Math.max(0, this.#spentMs - othersMs);
    this.#measuredAt = now;
  }

  /** Adds the time since the clock was read last to the time spent. Returns whether the time slice is used up. */
  #isSliceOver(): boolean {
    const now = systemClock.monotonic();
    this.#spentMs += now - this.#measuredAt;
    this.#measuredAt = now;
    return this.#spentMs >= SLICE_MS;
  }

  #pause(): void {
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#handlers.onPause();
    }
    systemClock.setTimeout(() => this.#deliver(), Math.min(this.#spentMs, MAX_PAUSE_MS));
    this.#spentMs = 0;
  }
}
