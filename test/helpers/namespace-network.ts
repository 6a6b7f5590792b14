import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { PartitionableNetwork, Place } from './node-network.js';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Of all nodes: each has an address of its own. */
const PORT = 4369;
/** Of no interface: the bridge delivers what is sent there to no node. */
const NOWHERE = '02:00:00:00:00:00';

interface Machine {
  readonly namespace: Namespace;
  readonly address: string;
  /** The bridge's end of its cable. */
  readonly port: string;
}

/** Why this machine cannot have a {@link NamespaceNetwork}; `undefined` when it can. */
export async function obstacleToNamespaces(): Promise<string | undefined> {
  const network = new NamespaceNetwork();
  try {
    await Promise.all([network.place('a'), network.place('b')]);
    await network.drop('a', 'b');
    await network.isolate('b');
    await network.heal();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await network.close();
  }
}

/**
 * A network of Linux: each node is in a network namespace of its own, linked by a pair of veth interfaces to a bridge in
 * another one. Nothing of it is in the namespace of the machine, and all of it goes with the process that made it.
 */
export class NamespaceNetwork implements PartitionableNetwork {
  readonly #machines = new Map<string, Machine>();
  readonly #places = new Map<string, Promise<Place>>();
  readonly #namespaces: Namespace[] = [];
  #bridge: Promise<Namespace> | undefined;
  /** How to undo each fault. */
  readonly #repairs = new Map<string, () => Promise<void>>();

  place(name: string): Promise<Place> {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.#connect(name, this.#places.size + 1);
    this.#places.set(name, place);
    return place;
  }

  async drop(from: string, to: string): Promise<void> {
    const { namespace } = this.#machine(from);
    const { address } = this.#machine(to);
    this.#repairs.set(`${from} ${to}`, () => namespace.ip(`neigh del ${address} dev eth0`));
    await namespace.ip(`neigh replace ${address} lladdr ${NOWHERE} dev eth0 nud permanent`);
  }

  async isolate(name: string): Promise<void> {
    const { port } = this.#machine(name);
    const bridge = await this.#hub();
    this.#repairs.set(name, () => bridge.ip(`link set ${port} up`));
    await bridge.ip(`link set ${port} down`);
  }

  async heal(): Promise<void> {
    const repairs = [...this.#repairs.values()];
    this.#repairs.clear();
    await Promise.all(repairs.map((repair) => repair()));
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#places.values(), this.#bridge]);
    await Promise.all(this.#namespaces.map((namespace) => namespace.close()));
  }

  async #connect(name: string, number: number): Promise<Place> {
    const namespace = await this.#open();
    const bridge = await this.#hub();
    const address = `10.77.0.${number}`;
    const port = `port${number}`;
    await bridge.ip(
      `link add ${port} type veth peer name eth0 netns ${namespace.pid}`,
      `link set ${port} master bridge up`,
    );
    await namespace.ip('link set lo up', `address add ${address}/24 dev eth0`, 'link set eth0 up');
    this.#machines.set(name, { namespace, address, port });
    return { host: address, listen: address, port: PORT, prefix: namespace.prefix };
  }

  #hub(): Promise<Namespace> {
    this.#bridge ??= this.#open().then(async (namespace) => {
      await namespace.ip('link add bridge type bridge', 'link set bridge up');
      return namespace;
    });
    return this.#bridge;
  }

  async #open(): Promise<Namespace> {
    const namespace = new Namespace();
    this.#namespaces.push(namespace);
    await namespace.opened;
    return namespace;
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`there is no node ${name}`);
    return machine;
  }
}

/** A network namespace. It ends with the last process in it. */
class Namespace {
  /** Rejects when there is none. */
  readonly opened: Promise<void>;
  /** Stays in the namespace until its input ends, as it does when this process ends. */
  readonly #holder: Child;
  readonly #ended: Promise<string>;

  constructor() {
    this.#holder = spawn('unshare', ['--net', 'cat']);
    this.#ended = ended(this.#holder);
    // What `cat` repeats shows that it runs, and so that the namespace is there.
    this.#holder.stdin.write('\n');
    this.opened = Promise.race([
      once(this.#holder.stdout, 'data'),
      this.#ended.then((why) => {
        throw new Error(why);
      }),
    ]).then(() => undefined);
  }

  get pid(): number {
    return this.#holder.pid as number;
  }

  /** What the command line of a program begins with that runs in the namespace. */
  get prefix(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`];
  }

  /** Runs commands of `ip` in the namespace. */
  async ip(...commands: readonly string[]): Promise<void> {
    const [nsenter = '', ...args] = this.prefix;
    const child = spawn(nsenter, [...args, 'ip', '-batch', '-']);
    child.stdin.end(commands.map((command) => `${command}\n`).join(''));
    const why = await ended(child);
    if (why !== '') throw new Error(`ip ${commands.join('; ')}: ${why}`);
  }

  async close(): Promise<void> {
    this.#holder.stdin.end();
    await this.#ended;
  }
}

/** Resolves when a program has ended, with why it failed; empty if it did not. */
async function ended(child: Child): Promise<string> {
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  const complaint = text(child.stderr);
  try {
    const [code, signal] = await once(child, 'close');
    return code === 0 ? '' : (await complaint).trim().replaceAll('\n', ', ') || `it ended with ${code ?? signal}`;
  } catch (error) {
    return (error as Error).message;
  }
}
