import { addressPrefix } from '../address-prefix.js';

/** The most open connections whose peers have not proved their identity. */
export const MAX_UNAUTHENTICATED = 128;

/** How many of them may come from one address. */
export const MAX_UNAUTHENTICATED_PER_ADDRESS = 64;

/**
 * Connections that have not proved whose they are. When there are too many from one address, its oldest one goes; when
 * there are too many in all, the oldest of the address that has the most: a flood from one place does not keep out
 * those who come from elsewhere, nor for long those from the same place.
 */
export class UnauthenticatedConnections<Connection> {
  readonly #terminate: (connection: Connection) => void;
  /** By {@link addressPrefix}, oldest first. */
  readonly #byPrefix = new Map<string, Set<Connection>>();
  #size = 0;

  constructor(terminate: (connection: Connection) => void) {
    this.#terminate = terminate;
  }

  get size(): number {
    return this.#size;
  }

  add(connection: Connection, address: string): void {
    const prefix = addressPrefix(address);
    const neighbours = this.#byPrefix.get(prefix) ?? new Set();
    if (neighbours.has(connection)) return;
    this.#byPrefix.set(prefix, neighbours.add(connection));
    this.#size += 1;
    if (neighbours.size > MAX_UNAUTHENTICATED_PER_ADDRESS) this.#evict(neighbours, prefix);
    else if (this.#size > MAX_UNAUTHENTICATED) this.#evict(...this.#crowd(neighbours, prefix));
  }

  /** The connection has closed, or its peer has proved its identity. */
  remove(connection: Connection, address: string): void {
    const prefix = addressPrefix(address);
    const neighbours = this.#byPrefix.get(prefix);
    if (neighbours !== undefined) this.#remove(connection, neighbours, prefix);
  }

  #remove(connection: Connection, neighbours: Set<Connection>, prefix: string): void {
    if (!neighbours.delete(connection)) return;
    this.#size -= 1;
    if (neighbours.size === 0) this.#byPrefix.delete(prefix);
  }

  /** The most that share one prefix. */
  #crowd(...first: [Set<Connection>, string]): [Set<Connection>, string] {
    let most = first;
    for (const [prefix, neighbours] of this.#byPrefix) if (neighbours.size > most[0].size) most = [neighbours, prefix];
    return most;
  }

  #evict(neighbours: Set<Connection>, prefix: string): void {
    for (const oldest of neighbours) {
      this.#remove(oldest, neighbours, prefix);
      this.#terminate(oldest);
      return;
    }
  }
}
