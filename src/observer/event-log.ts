import type { RuntimeEvent } from '../../streams/events.js';
import { KEPT_ENTRIES, type OwnLogEntry, ownLogEntry } from '../../streams/log.js';

/** The last things on this node that are worth a line, for whoever comes to look when something has happened already. */
export class EventLog {
  /** A ring: entry `n`, counted from 0, stands at `n` modulo its size. */
  readonly #ring: OwnLogEntry[] = [];
  /** Names of living processes: of one that ended, the name goes before the word of its end comes. */
  readonly #names = new Map<string, string>();
  #position = 0;

  /** How many entries there have been. */
  get position(): number {
    return this.#position;
  }

  record(event: RuntimeEvent): void {
    if (event.type === 'name_registered') this.#names.set(event.id, event.name);
    const id = event.type === 'child_restarted' ? event.newId : 'id' in event ? event.id : undefined;
    const entry = ownLogEntry(event, id === undefined ? undefined : this.#names.get(id));
    if (event.type === 'process_exited') this.#names.delete(event.id);
    if (entry === undefined) return;
    this.#ring[this.#position % KEPT_ENTRIES] = entry;
    this.#position += 1;
  }

  /** The entries after the first `position`, as far as they are kept. */
  since(position: number): readonly OwnLogEntry[] {
    const entries: OwnLogEntry[] = [];
    for (let at = Math.max(position, this.#position - KEPT_ENTRIES, 0); at < this.#position; at += 1) {
      const entry = this.#ring[at % KEPT_ENTRIES];
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }
}
