import type { PartitionableNetwork, Place } from './node-network.js';
import { freePort } from './node-process.js';
import { type Fault, TcpProxy } from './tcp-proxy.js';

/**
 * A network on loopback with a proxy before each node. Nodes have addresses of their own, so that it is known for every
 * byte from which of them it comes, and to which it goes.
 */
export class FaultyNetwork implements PartitionableNetwork {
  readonly #places = new Map<string, Promise<Place>>();
  readonly #listens = new Map<string, string>();
  readonly #proxies = new Map<string, TcpProxy>();
  readonly #faults = new Map<string, Fault>();
  #change: () => void = () => undefined;
  #changed: Promise<void> = Promise.resolve();

  constructor() {
    this.#renew();
  }

  /** The place of a node; it stays the same, and the proxy before it there, when the node is restarted. */
  place(name: string): Promise<Place> {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const at = this.#places.size + 1;
    const place = this.#open(name, `127.0.2.${at}`, `127.0.1.${at}`);
    this.#places.set(name, place);
    return place;
  }

  /** What happens from now on to all that is sent from one node to another; `undefined` mends it. */
  set(from: string, to: string, fault: Fault | undefined): void {
    const way = `${this.#listen(from)} ${this.#listen(to)}`;
    if (fault === undefined) this.#faults.delete(way);
    else this.#faults.set(way, fault);
    const change = this.#change;
    this.#renew();
    change();
  }

  setBoth(one: string, other: string, fault: Fault | undefined): void {
    this.set(one, other, fault);
    this.set(other, one, fault);
  }

  async drop(from: string, to: string): Promise<void> {
    this.set(from, to, { kind: 'hold' });
  }

  async isolate(name: string): Promise<void> {
    for (const other of this.#listens.keys()) if (other !== name) this.setBoth(name, other, { kind: 'hold' });
  }

  mend(): void {
    this.#faults.clear();
    const change = this.#change;
    this.#renew();
    change();
  }

  async heal(): Promise<void> {
    this.mend();
  }

  /** Resets all connections to a node. */
  reset(name: string): void {
    this.#proxies.get(name)?.reset();
  }

  async close(): Promise<void> {
    this.mend();
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
  }

  async #open(name: string, host: string, listen: string): Promise<Place> {
    const port = await freePort();
    const proxy = await TcpProxy.listen({
      host,
      port,
      target: listen,
      faultOf: (from, to) => this.#faults.get(`${from} ${to}`),
      changed: () => this.#changed,
    });
    this.#listens.set(name, listen);
    this.#proxies.set(name, proxy);
    return { host, listen, port };
  }

  #listen(name: string): string {
    const listen = this.#listens.get(name);
    if (listen === undefined) throw new Error(`there is no node ${name}`);
    return listen;
  }

  #renew(): void {
    this.#changed = new Promise((resolve) => {
      this.#change = resolve;
    });
  }
}
