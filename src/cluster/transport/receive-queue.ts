import { systemClock } from '../../clock.js';
import type { Seal } from './transport.js';

/** Between the frames of one message. JSON as it is written here has no line breaks. */
export const SEPARATOR = '\n';

/** So long one connection is listened to before others have their turn, ms. */
const SLICE_MS = 5;

/** Its turn comes again when others had as long, but not later than this, ms: a heartbeat may be waiting in it. */
const MAX_PAUSE_MS = 20;

/** What comes within this time of what came before, ms, came together with it: only its reader was at work in between. */
const TOGETHER_MS = 0.02;

/** A look at the clock costs a tenth of the smallest frame. */
const FRAMES_A_LOOK = 16;

interface InboxHandlers {
  onFrame(text: string): void;
  /** A message that does not fit the seal. What came behind it is dropped. */
  onForged(): void;
  /** More has come than is handed over in one go. */
  onFull(): void;
  /** All of it has been handed over since. */
  onEmpty(): void;
}

/**
 * What has come over one connection, on its way to its owner: message by message, frame by frame, and no longer than
 * {@link SLICE_MS} at once, whatever there is in a message. However much comes, half of the time is for others.
 */
export class ReceiveQueue {
  readonly #handlers: InboxHandlers;
  #seal: Seal | undefined;
  #messages: string[] = [];
  /** The rest of a message that was opened. */
  #rest: string | undefined;
  #isFull = false;
  /** For how long it was listened to, less the time that others had in between, ms. */
  #spentMs = 0;
  #lookedAt = 0;

  constructor(handlers: InboxHandlers) {
    this.#handlers = handlers;
  }

  /** Whether there is something that has not been handed over. */
  get isFull(): boolean {
    return this.#isFull;
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
    if (!this.#isFull) this.#deliver();
  }

  /** Drops what is left. */
  clear(): void {
    this.#messages = [];
    this.#rest = undefined;
  }

  #deliver(): void {
    this.#lookAfterOthers();
    let frames = 0;
    for (let text = this.#next(); text !== undefined; text = this.#next()) {
      this.#handlers.onFrame(text);
      frames += 1;
      if (frames % FRAMES_A_LOOK === 0 && this.#isSliceOver()) {
        this.#yield();
        return;
      }
    }
    if (this.#isSliceOver()) {
      this.#yield();
      return;
    }
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#handlers.onEmpty();
  }

  /** Takes the next frame out. */
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
  #lookAfterOthers(): void {
    const now = systemClock.monotonic();
    const othersMs = now - this.#lookedAt;
    this.#spentMs = othersMs < TOGETHER_MS ? this.#spentMs + othersMs : Math.max(0, this.#spentMs - othersMs);
    this.#lookedAt = now;
  }

  #isSliceOver(): boolean {
    const now = systemClock.monotonic();
    this.#spentMs += now - this.#lookedAt;
    this.#lookedAt = now;
    return this.#spentMs >= SLICE_MS;
  }

  #yield(): void {
    if (!this.#isFull) {
      this.#isFull = true;
      this.#handlers.onFull();
    }
    systemClock.setTimeout(() => this.#deliver(), Math.min(this.#spentMs, MAX_PAUSE_MS));
    this.#spentMs = 0;
  }
}
