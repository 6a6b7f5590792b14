import { addressPrefix } from '../address-prefix.js';

/** The most open connections with peers that have not proved their identity. */
export const MAX_UNAUTHENTICATED = 128;

/**
 * The most open connections from one address with peers that have not proved their identity. IPv6 addresses with the
 * same /64 prefix count as one address.
 */
export const MAX_UNAUTHENTICATED_PER_ADDRESS = 64;

/**
 * Limits the connections of peers that have not proved their identity. If there are too many from one address, its
 * oldest connection is terminated. If there are too many in all, the oldest connection from the address with the most
 * connections is terminated. So a flood from one address does not lock out peers at other addresses, and delays those
 * at the same address only briefly.
 */
export class UnauthenticatedConnections<Connection> {
  readonly #terminate: (connection: Connection) => void;
  /** The connections from each address, by {@link addressPrefix}, oldest first. */
  readonly #byPrefix = new Map<string, Set<Connection>>();
  #size = 0;

  constructor(terminate: (connection: Connection) => void) {
    this.#terminate = terminate;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a connection. If there are too many then, removes and terminates an older one. */
  add(connection: Connection, address: string): void {
    const prefix = addressPrefix(address);
    const neighbours = this.#byPrefix.get(prefix) ?? new Set();
    if (neighbours.has(connection)) return;
    this.#byPrefix.set(prefix, neighbours.add(connection));
    this.#size += 1;
    if (neighbours.size > MAX_UNAUTHENTICATED_PER_ADDRESS) this.#evict(neighbours, prefix);
    else if (this.#size > MAX_UNAUTHENTICATED) this.#evict(...this.#crowd(neighbours, prefix));
  }

  /** Removes a connection, because it has closed, or its peer has proved its identity. */
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

  /** Returns the largest set of connections with the same prefix, and this prefix. `first` wins a tie. */
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
