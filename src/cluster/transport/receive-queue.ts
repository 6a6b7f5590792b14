import { systemClock } from '../../clock.js';
import type { Seal } from './transport.js';

/** Between the frames of one message. JSON as it is written here has no line breaks. */
export const SEPARATOR = '\n';

/** The longest time that one connection is served before others have their turn, ms. */
const SLICE_MS = 5;

/** The longest pause between two turns of a connection, ms: a heartbeat may be queued. */
const MAX_PAUSE_MS = 20;

/**
 * What comes within this time of what came before, ms, came together with it: only its reader was at work in between.
 */
const SAME_READ_MS = 0.02;

/** Frames between two clock reads: a read costs a tenth of the smallest frame. */
const FRAMES_PER_CLOCK_READ = 16;

interface ReceiveQueueHandlers {
  onFrame(text: string): void;
  /** A message does not fit the seal. Later messages are dropped. */
  onForged(): void;
  /** More was received than is delivered in one turn. */
  onPause(): void;
  /** Everything received has been delivered. */
  onDrained(): void;
}

/**
 * What has come over one connection, on its way to its owner: message by message, frame by frame, and no longer than
 * {@link SLICE_MS} at once, whatever there is in a message. However much comes, half of the time is for others.
 */
export class ReceiveQueue {
  readonly #handlers: ReceiveQueueHandlers;
  #seal: Seal | undefined;
  #messages: string[] = [];
  /** The undelivered rest of the current message. */
  #rest: string | undefined;
  #isPaused = false;
  /** For how long it was listened to, less the time that others had in between, ms. */
  #spentMs = 0;
  #measuredAt = 0;

  constructor(handlers: ReceiveQueueHandlers) {
    this.#handlers = handlers;
  }

  /** Whether received data is waiting for delivery. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** From now on all that comes has to fit. What is left of this message came without the seal, so it does not. */
  trust(seal: Seal): void {
    this.#seal = seal;
    if (this.#rest !== undefined) this.#messages.unshift(this.#rest);
    this.#rest = undefined;
  }

  /** A whole message has come. */
  add(message: string): void {
    this.#messages.push(message);
    if (!this.#isPaused) this.#deliver();
  }

  /** Drops everything that is waiting. */
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
        this.#yield();
        return;
      }
    }
    if (this.#isSliceOver()) {
      this.#yield();
      return;
    }
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#handlers.onDrained();
  }

  /** Removes and returns the next frame. */
  #next(): string | undefined {
    const text = this.#rest ?? this.#open(this.#messages.shift());
    if (text === undefined) return undefined;
    const end = text.indexOf(SEPARATOR);
    this.#rest = end < 0 ? undefined : text.slice(end + 1);
    return end < 0 ? text : text.slice(0, end);
  }

  #open(message: string | undefined): string | undefined {
    if (message === undefined || this.#seal === undefined) return message;
    const text = this.#seal.open(message);
    if (text === undefined) {
      this.clear();
      this.#handlers.onForged();
    }
    return text;
  }

  /** What others had, they need not be given. */
  #measurePause(): void {
    const now = systemClock.monotonic();
    const othersMs = now - this.#measuredAt;
    this.#spentMs = othersMs < SAME_READ_MS ? this.#spentMs + othersMs : Math.max(0, this.#spentMs - othersMs);
    this.#measuredAt = now;
  }

  #isSliceOver(): boolean {
    const now = systemClock.monotonic();
    this.#spentMs += now - this.#measuredAt;
    this.#measuredAt = now;
    return this.#spentMs >= SLICE_MS;
  }

  #yield(): void {
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#handlers.onPause();
    }
    systemClock.setTimeout(() => this.#deliver(), Math.min(this.#spentMs, MAX_PAUSE_MS));
    this.#spentMs = 0;
  }
}
