import { LinkOverloadedError } from '../errors.js';

/**
 * While at least this many bytes wait for a node, {@link Outbox.checkRoom} throws. Counts a collected character as a
 * byte.
 */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * The maximum length of several items in one frame, in characters. Text of this length cannot exceed the receiver's
 * limits for objects and names. A longer item is sent in a frame of its own: it was checked when it was encoded.
 */
const MAX_FRAME_CHARS = 39_000;

interface OutboxPorts {
  readonly nodeId: string;
  /** Sends items, which are JSON text, in one frame. */
  send(items: readonly string[]): void;
  /** Returns how many bytes were sent to the node but not transmitted yet. */
  unsent(): number;
  /** Must call {@link Outbox.flush} at the end of this turn. */
  requestFlush(outbox: Outbox): void;
}

/** Collects the items that one turn sends to one node, so that they share a frame. */
export class Outbox {
  readonly #ports: OutboxPorts;
  #items: string[] = [];
  #chars = 0;
  /** The untransmitted bytes, read once per frame: reading them takes longer than adding an item. */
  #unsent: number | undefined;
  #isClosed = false;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  /** Whether no item waits to be sent. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Checks that a message may be added. @throws LinkOverloadedError when too many bytes wait for the node */
  checkRoom(): void {
    if (this.isEmpty || this.#unsent === undefined) this.#unsent = this.#ports.unsent();
    if (this.#unsent + this.#chars >= MAX_WAITING_BYTES) {
      throw new LinkOverloadedError(this.#ports.nodeId, MAX_WAITING_BYTES);
    }
  }

  /** Adds an item without checking the limit. Flushes the earlier items first if the frame would become too long. */
  add(item: string): void {
    if (this.#chars + item.length > MAX_FRAME_CHARS) this.flush();
    // `flush` may have ended the channel.
    if (this.#isClosed) return;
    if (this.isEmpty) this.#ports.requestFlush(this);
    this.#items.push(item);
    this.#chars += item.length + 1;
  }

  /** Removes the latest unsent item that starts with `beginning`. Returns whether there was one. */
  remove(beginning: string): boolean {
    const at = this.#items.findLastIndex((item) => item.startsWith(beginning));
    if (at < 0) return false;
    const [item = ''] = this.#items.splice(at, 1);
    this.#chars -= item.length + 1;
    return true;
  }

  /**
   * Drops all items, including those added later. The channel has ended, and the next channel with this node must not
   * send them.
   */
  close(): void {
    this.#isClosed = true;
    this.#items = [];
    this.#chars = 0;
  }

  flush(): void {
    if (this.isEmpty) return;
    const items = this.#items;
    this.#items = [];
    this.#chars = 0;
    this.#unsent = undefined;
    this.#ports.send(items);
  }
}
