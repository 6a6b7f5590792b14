import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import { eventually } from './eventually.js';
import type { Counts, View } from './fault-answers.js';
import { FaultyNetwork } from './faulty-network.js';
import { FaultNode, type LifeOptions } from './forked-node.js';
import type { NodeNetwork } from './node-network.js';

type StartOptions = Partial<ClusterConfig> & Pick<LifeOptions, 'aheadMs'>;

/** Real nodes on a network with faults, and what has to be true of them after each. */
export class FaultLab<Network extends NodeNetwork = FaultyNetwork> {
  readonly network: Network;
  readonly #config: Partial<ClusterConfig>;
  readonly #life: LifeOptions;
  readonly #all: FaultNode[] = [];
  readonly #starts: Promise<FaultNode>[] = [];

  /** @param config of every node, how each lives, and what they are on; by default a {@link FaultyNetwork} */
  constructor(config: Partial<ClusterConfig> = {}, life: LifeOptions = {}, network?: Network) {
    this.network = network ?? (new FaultyNetwork() as NodeNetwork as Network);
    this.#config = config;
    this.#life = life;
  }

  /** The id that a node of this name has here, started or not. */
  async idOf(name: string): Promise<string> {
    const { host, port } = await this.network.place(name);
    return `${name}@${host}:${port}`;
  }

  /** Starts a node, or restarts it. It looks for the `seeds`, and asks the others things all the time. */
  start(name: string, seeds: readonly string[] = [], options: StartOptions = {}): Promise<FaultNode> {
    const start = this.#start(name, seeds, options);
    this.#starts.push(start);
    return start;
  }

  async #start(name: string, seeds: readonly string[], options: StartOptions): Promise<FaultNode> {
    const { aheadMs = 0, ...config } = options;
    const { prefix = [], ...place } = await this.network.place(name);
    const ids = await Promise.all(seeds.map((seed) => this.idOf(seed)));
    const settings = { ...this.#config, nodeName: name, ...place, seeds: ids, ...config };
    const node = await FaultNode.start(name, settings, {
      ...this.#life,
      dialFrom: settings.listen,
      aheadMs,
      prefix,
    });
    this.#all.push(node);
    if (!this.#life.isQuiet) await node.ask('probe', true);
    return node;
  }

  /** An observer of the nodes from outside, which sends them requests all the time. */
  async attach(name: string, nodes: readonly FaultNode[]): Promise<FaultNode> {
    const { listen } = await this.network.place(name);
    const addresses = nodes.map(({ id }) => id);
    const onlooker = await FaultNode.attach(name, addresses, this.#config.observerSecret, listen);
    this.#all.push(onlooker);
    await onlooker.ask('probe', true);
    return onlooker;
  }

  /** Nodes that know all of each other. The first is the seed of the rest. */
  async cluster(...names: readonly string[]): Promise<readonly FaultNode[]> {
    const [seed] = names;
    const nodes = await Promise.all(names.map((name) => this.start(name, name === seed ? [] : [seed as string])));
    await this.agree(nodes, 20_000);
    return nodes;
  }

  /**
   * Resolves when each of these nodes is linked with each other, and shows of every process what the process counted
   * itself, and of the rest what the node itself knew of it; with how long that took, ms. Rejects, with what is still
   * wrong, when it takes longer than `boundMs`.
   *
   * @param lookers who has to see all that; by default the nodes themselves
   */
  async agree(nodes: readonly FaultNode[], boundMs: number, lookers = nodes): Promise<number> {
    return eventually(boundMs, async () => {
      const views = new Map<FaultNode, View>();
      const all = [...new Set([...lookers, ...nodes])];
      await Promise.all(all.map(async (node) => views.set(node, await node.ask('view'))));
      for (const node of lookers) {
        const view = views.get(node) as View;
        for (const other of nodes) {
          const wrong = disagreement(view, other, views.get(other)?.handled ?? {}, other === node);
          if (wrong !== undefined) return `${node.name} on ${other.name}: ${wrong}`;
        }
        const extra = Object.entries(view.nodes).find(
          ([id, status]) => status === 'connected' && !nodes.some((other) => other.id === id),
        );
        if (extra !== undefined) return `${node.name} is linked with ${extra[0]}`;
      }
      for (const node of nodes) {
        const wrong = await misrepresented(
          node,
          lookers.map((looker) => ({ looker, view: views.get(looker) as View })),
        );
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    });
  }

  /** Resolves when these nodes have reports of the other about what its processes have done. */
  async shown(nodes: readonly FaultNode[], other: FaultNode, boundMs: number): Promise<number> {
    const counted = await other.ask('counted');
    return eventually(boundMs, async () => {
      for (const node of nodes) {
        const row = (await node.ask('shown'))?.[other.id];
        if (row?.status !== 'connected') return `${node.name} shows ${other.name} as ${row?.status}`;
        if (!isSame(row.rows ?? {}, counted)) return `${node.name} does not show all of ${other.name}`;
      }
      return undefined;
    });
  }

  /** Resolves when each of these nodes has lost the other. */
  async lost(nodes: readonly FaultNode[], other: FaultNode, boundMs: number): Promise<void> {
    await eventually(boundMs, async () => {
      const still = nodes.find((node) => node.events.findLast(({ id }) => id === other.id)?.type !== 'down');
      return still === undefined ? undefined : `${still.name} still has ${other.name}`;
    });
  }

  /** What is wrong with all events of the nodes: of each other node, ups and downs have to alternate. */
  complaints(): readonly string[] {
    return this.#all.flatMap(({ name, isOutside, events }) =>
      [...new Set(events.map(({ id }) => id))].flatMap((id) => {
        const types = events.filter((event) => event.id === id).map(({ type }) => type);
        // An observer gets what changes after it has attached.
        const first = isOutside ? types[0] : 'up';
        const isRight = types.every((type, at) => (type === first) === (at % 2 === 0));
        return isRight ? [] : [`${name} got the events ${types.join(', ')} of ${id}`];
      }),
    );
  }

  /** Stops the nodes politely. Returns what is wrong with their events, and what they left open. */
  async stop(nodes: readonly FaultNode[]): Promise<readonly string[]> {
    const left = await Promise.all(
      nodes.map(async (node) => (await node.stop()).map((what) => `${node.name} left ${what}`)),
    );
    return [...left.flat(), ...this.complaints()];
  }

  /** Ends all that is still there, or about to be. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#starts);
    for (const node of this.#all) node.signal('SIGKILL');
    await Promise.all(this.#all.map(({ ended }) => ended));
    await this.network.close();
  }
}

/** Resolves when each of these nodes is linked with each other, with how long that took, ms. No node is asked by another. */
export async function linked(nodes: readonly FaultNode[], boundMs: number): Promise<number> {
  return eventually(boundMs, async () => {
    for (const node of nodes) {
      const seen = Object.values(await node.ask('nodes')).filter((status) => status === 'connected').length;
      if (seen !== nodes.length - 1) return `${node.name} is linked with ${seen} of ${nodes.length - 1}`;
    }
    return undefined;
  });
}

function disagreement(view: View, other: FaultNode, handled: Counts, isLocal: boolean): string | undefined {
  if (!isLocal && view.nodes[other.id] !== 'connected') return `it is ${view.nodes[other.id] ?? 'unknown'}`;
  for (const [how, rows] of [
    ['asked', view.asked[other.id]],
    ['shown', view.shown?.[other.id]],
  ] as const) {
    if (rows?.status !== 'connected') return `${how}, it is ${rows?.status ?? 'not there'}`;
    if (!isSame(rows.rows ?? {}, handled))
      return `${how}, it has ${JSON.stringify(rows.rows)}, and counted ${JSON.stringify(handled)}`;
  }
  return undefined;
}

/**
 * Compares what is shown of a node with what it was itself at that version, whatever goes on in it meanwhile. Returns a
 * problem when it has not reported yet.
 *
 * @throws Error when it was something else: that does not mend with time
 */
async function misrepresented(
  node: FaultNode,
  lookers: readonly { readonly looker: FaultNode; readonly view: View }[],
): Promise<string | undefined> {
  const rows = lookers.flatMap(({ looker, view }) =>
    [view.asked[node.id], view.shown?.[node.id]].map((row) => ({ looker, row })),
  );
  const past = await node.ask(
    'past',
    rows.map(({ row }) => row?.version ?? Number.NaN),
  );
  for (const [at, { looker, row }] of rows.entries()) {
    const was = past[at] ?? undefined;
    if (was === undefined) return `${node.name} knows nothing of its version ${row?.version}`;
    if (row?.whole === was) continue;
    throw new Error(`${looker.name} on ${node.name}: version ${row?.version} is ${row?.whole}, and was ${was}`);
  }
  return undefined;
}

function isSame(one: Counts, other: Counts): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
