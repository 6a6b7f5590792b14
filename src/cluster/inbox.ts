import type { Seal } from './transport.js';

/** Between the frames of one message. JSON as it is written here has no line breaks. */
export const SEPARATOR = '\n';

/** So long one connection is listened to before others have their turn, and so long it then waits for its own, ms. */
const SLICE_MS = 5;

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
export class Inbox {
  readonly #handlers: InboxHandlers;
  #seal: Seal | undefined;
  #messages: string[] = [];
  /** The rest of a message that was opened. */
  #rest: string | undefined;
  #isFull = false;
  #frames = 0;
  #sliceStart: number | undefined;
  #lookedAt = 0;

  constructor(handlers: InboxHandlers) {
    this.#handlers = handlers;
  }

  /** Whether there is something that has not been handed over. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** From now on all that comes has to fit. What is left of this message came without the seal, from whomever: it will not. */
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

  /** Nobody wants what is left. */
  clear(): void {
    this.#messages = [];
    this.#rest = undefined;
  }

  #deliver(): void {
    for (let text = this.#next(); text !== undefined; text = this.#next()) {
      this.#handlers.onFrame(text);
      this.#frames += 1;
      if (this.#frames % FRAMES_A_LOOK === 0 && this.#isSliceOver()) {
        this.#yield();
        return;
      }
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

  /** A slice begins with the first look, and anew where there was nothing to look at for as long as one takes. */
  #isSliceOver(): boolean {
    const now = performance.now();
    if (this.#sliceStart === undefined || now - this.#lookedAt > SLICE_MS) this.#sliceStart = now;
    this.#lookedAt = now;
    if (now - this.#sliceStart < SLICE_MS) return false;
    this.#sliceStart = undefined;
    return true;
  }

  #yield(): void {
    if (!this.#isFull) {
      this.#isFull = true;
      this.#handlers.onFull();
    }
    setTimeout(() => this.#deliver(), SLICE_MS);
  }
}
