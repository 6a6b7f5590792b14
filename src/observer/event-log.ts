import type { RuntimeEvent } from '../../streams/events.js';
import { LOG_CAPACITY, type OwnLogEntry, ownLogEntry } from '../../streams/log-entries.js';

/** The last log entries of this node, for readers that connect after something has happened. */
export class EventLog {
  /** A ring: entry `n`, counted from 0, stands at `n` modulo its size. */
  readonly #ring: OwnLogEntry[] = [];
  readonly #names = new Map<string, string>();
  /** The last name that was freed: the name of an ending process is freed right before its exit is emitted. */
  #nameless: { readonly id: string; readonly name: string } | undefined;
  #position = 0;

  /** How many entries there have been. */
  get position(): number {
    return this.#position;
  }

  record(event: RuntimeEvent): void {
    const nameless = this.#nameless;
    this.#nameless = undefined;
    if (event.type === 'name_registered') this.#names.set(event.id, event.name);
    if (event.type === 'name_unregistered') {
      this.#names.delete(event.id);
      this.#nameless = event;
    }
    const id = event.type === 'child_restarted' ? event.newId : 'id' in event ? event.id : undefined;
    const name =
      id === undefined ? undefined : (this.#names.get(id) ?? (nameless?.id === id ? nameless.name : undefined));
    const entry = ownLogEntry(event, name);
    if (entry === undefined) return;
    this.#ring[this.#position % LOG_CAPACITY] = entry;
    this.#position += 1;
  }

  /** The entries after the first `position`, as far as they are kept. */
  since(position: number): readonly OwnLogEntry[] {
    const entries: OwnLogEntry[] = [];
    for (let at = Math.max(position, this.#position - LOG_CAPACITY, 0); at < this.#position; at += 1) {
      const entry = this.#ring[at % LOG_CAPACITY];
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }
}
