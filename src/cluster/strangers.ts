/** So many connections may be open of which it is not known yet whose they are. */
export const MAX_STRANGERS = 128;

/**
 * Connections that have not proved whose they are. When there are too many, the oldest one goes of the address that has
 * the most: a flood from one place does not keep out those who come from elsewhere, nor long those from the same place.
 */
export class Strangers<Connection> {
  readonly #terminate: (connection: Connection) => void;
  /** By address, oldest first. */
  readonly #byAddress = new Map<string, Set<Connection>>();
  #size = 0;

  constructor(terminate: (connection: Connection) => void) {
    this.#terminate = terminate;
  }

  get size(): number {
    return this.#size;
  }

  add(connection: Connection, address: string): void {
    const neighbours = this.#byAddress.get(address) ?? new Set();
    if (neighbours.has(connection)) return;
    this.#byAddress.set(address, neighbours.add(connection));
    this.#size += 1;
    if (this.#size > MAX_STRANGERS) this.#evict();
  }

  /** It is gone, or no stranger any more. */
  remove(connection: Connection, address: string): void {
    const neighbours = this.#byAddress.get(address);
    if (neighbours === undefined || !neighbours.delete(connection)) return;
    this.#size -= 1;
    if (neighbours.size === 0) this.#byAddress.delete(address);
  }

  #evict(): void {
    let crowd: readonly [string, ReadonlySet<Connection>] | undefined;
    for (const entry of this.#byAddress) if (crowd === undefined || entry[1].size > crowd[1].size) crowd = entry;
    if (crowd === undefined) return;
    const [address, [oldest]] = crowd;
    if (oldest === undefined) return;
    this.remove(oldest, address);
    this.#terminate(oldest);
  }
}
