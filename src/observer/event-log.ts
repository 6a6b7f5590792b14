import type { RuntimeEvent } from '../../streams/events.js';
import { LOG_CAPACITY, type LocalLogEntry, localLogEntryOf } from '../../streams/log-entries.js';

/** Keeps the latest log entries of this node, for readers that connect later. */
export class EventLog {
  /** A ring buffer: entry `n`, counted from 0, is at index `n % LOG_CAPACITY`. */
  readonly #ring: LocalLogEntry[] = [];
  /** The registered names, by process id. */
  readonly #names = new Map<string, string>();
  /**
   * The name that the previous event unregistered. The name of an ending process is unregistered right before its
   * `process_exited` event, so this field supplies the name for that entry.
   */
  #justUnregistered: { readonly id: string; readonly name: string } | undefined;
  #position = 0;

  /** The number of entries recorded so far. */
  get position(): number {
    return this.#position;
  }

  record(event: RuntimeEvent): void {
    const unregistered = this.#justUnregistered;
    this.#justUnregistered = undefined;
    if (event.type === 'name_registered') this.#names.set(event.id, event.name);
    if (event.type === 'name_unregistered') {
      this.#names.delete(event.id);
      this.#justUnregistered = event;
    }
    const id = event.type === 'child_restarted' ? event.newId : 'id' in event ? event.id : undefined;
    const name =
      id === undefined ? undefined : (this.#names.get(id) ?? (unregistered?.id === id ? unregistered.name : undefined));
    const entry = localLogEntryOf(event, name);
    if (entry === undefined) return;
    this.#ring[this.#position % LOG_CAPACITY] = entry;
    this.#position += 1;
  }

  /** The entries from position `position` on. Entries that were dropped from the ring are missing at the beginning. */
  since(position: number): readonly LocalLogEntry[] {
    const entries: LocalLogEntry[] = [];
    for (let at = Math.max(position, this.#position - LOG_CAPACITY, 0); at < this.#position; at += 1) {
      const entry = this.#ring[at % LOG_CAPACITY];
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }
}
