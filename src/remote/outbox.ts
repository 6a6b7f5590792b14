import { LinkOverloadedError } from '../errors.js';

/** With this many bytes that wait for a node, it gets no further messages. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * The longest frame of several items, in characters: no text of this length can exceed what the other side takes of objects and
 * names. An item that is longer by itself has been checked when it was encoded.
 */
const MAX_FRAME_CHARS = 39_000;

interface OutboxPorts {
  readonly nodeId: string;
  /** Sends items, which are JSON, in one frame. */
  send(items: readonly string[]): void;
  /** How much of what was sent has not been transmitted yet, bytes. */
  unsent(): number;
  /** Has {@link Outbox.flush} called at the end of this turn. */
  requestFlush(outbox: Outbox): void;
}

/** Collects the items of one turn for one node: they share a frame. */
export class Outbox {
  readonly #ports: OutboxPorts;
  #items: string[] = [];
  #chars = 0;
  /** Read once for each frame: reading it takes longer than adding an item. */
  #unsent: number | undefined;
  #isClosed = false;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  /** Whether something has been collected and not sent. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** @throws LinkOverloadedError when too much waits for the node already */
  checkRoom(): void {
    if (this.isEmpty || this.#unsent === undefined) this.#unsent = this.#ports.unsent();
    if (this.#unsent + this.#chars >= MAX_WAITING_BYTES) {
      throw new LinkOverloadedError(this.#ports.nodeId, MAX_WAITING_BYTES);
    }
  }

  /** Adds an item, whatever waits already. */
  add(item: string): void {
    if (this.#chars + item.length > MAX_FRAME_CHARS) this.flush();
    // Sending may have ended the channel.
    if (this.#isClosed) return;
    if (this.isEmpty) this.#ports.requestFlush(this);
    this.#items.push(item);
    this.#chars += item.length + 1;
  }

  /** Removes the item that begins so, if it has not been sent yet; whether it was there. */
  remove(beginning: string): boolean {
    const at = this.#items.findLastIndex((item) => item.startsWith(beginning));
    if (at < 0) return false;
    const [item = ''] = this.#items.splice(at, 1);
    this.#chars -= item.length + 1;
    return true;
  }

  /** Drops what was collected, and what is added later: the channel has ended, and the next one with that node must not carry it. */
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
