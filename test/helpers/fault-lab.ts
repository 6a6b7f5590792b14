import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import type { ClusterObserverHealth } from '../../src/observer/cluster-observer.js';
import { FaultyNetwork } from './faulty-network.js';

const PROGRAM = fileURLToPath(new URL('fault-node.mjs', import.meta.url));

/** Any real time that must pass before a second look is worth it, ms. */
const LOOK_MS = 25;

/** What a node was told, and when, in ms since the epoch. */
export interface NodeEvent {
  readonly type: 'up' | 'down';
  readonly id: string;
  readonly reason?: string;
  readonly at: number;
}

type Counts = Readonly<Record<string, number>>;
type Rows = Readonly<Record<string, { readonly status: string; readonly rows: Counts | null }>>;

interface View {
  /** As the membership has them. */
  readonly nodes: Readonly<Record<string, string>>;
  /** What the nodes answer, and what they told by themselves. */
  readonly asked: Rows;
  readonly shown: Rows | undefined;
  /** What the processes of this node counted themselves. */
  readonly handled: Counts;
}

/** What a node was told of another: `up`, `down heartbeat_timeout` ... */
export function told(node: FaultNode, of: FaultNode): readonly string[] {
  return node.events
    .filter(({ id }) => id === of.id)
    .map(({ type, reason }) => (reason === undefined ? type : `${type} ${reason}`));
}

interface Answers {
  start: (config: ClusterConfig) => string;
  probe: (isOn: boolean) => void;
  view: () => View;
  /** As in the view, and nobody is asked for it. */
  shown: () => Rows | undefined;
  counted: () => Counts;
  health: () => ClusterObserverHealth;
  open: () => readonly number[];
  errors: () => readonly string[];
  cast: (count: number) => void;
  castTo: (name: string) => void;
  crash: (name: string) => void;
  startWorkers: (count: number) => void;
  stopWorker: (name: string) => void;
  block: (ms: number) => void;
  setClock: (aheadMs: number) => void;
  resources: () => readonly string[];
  shutdown: () => void;
}

/** A node in a Node process of its own. */
export class FaultNode {
  readonly name: string;
  readonly id: string;
  /** All it was told so far. They outlive it. */
  readonly events: NodeEvent[];
  /** Resolves with the exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #talk: Talk;
  /** What was open before there was a runtime. */
  readonly #before: readonly string[];

  /** @param aheadMs by how much the clock of its machine is wrong */
  static async start(name: string, config: ClusterConfig, dialFrom?: string, aheadMs = 0): Promise<FaultNode> {
    const life = `${name}-${Math.random().toString(36).slice(2, 8)}`;
    const args = dialFrom === undefined ? [life] : [life, dialFrom];
    const child = fork(PROGRAM, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    const events: NodeEvent[] = [];
    const talk = new Talk(child, events);
    const [{ ready }] = (await once(child, 'message')) as [{ ready: readonly string[] }];
    await talk.ask('setClock', aheadMs);
    const id = await talk.ask('start', config);
    return new FaultNode(name, id, child, talk, events, ready);
  }

  private constructor(
    name: string,
    id: string,
    child: ChildProcess,
    talk: Talk,
    events: NodeEvent[],
    before: readonly string[],
  ) {
    this.name = name;
    this.id = id;
    this.events = events;
    this.#child = child;
    this.#talk = talk;
    this.#before = before;
    this.ended = talk.ended;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  ask<Method extends keyof Answers>(
    method: Method,
    ...[argument]: Parameters<Answers[Method]>
  ): Promise<ReturnType<Answers[Method]>> {
    return this.#talk.ask(method, argument);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Stops it politely, and says what it left open: nothing, if all is well. */
  async stop(): Promise<readonly string[]> {
    await this.ask('probe', false);
    await within(5000, async () => ((await this.ask('open')).length === 0 ? undefined : 'a promise is left hanging'));
    await this.ask('shutdown');
    let left: readonly string[] = [];
    await within(3000, async () => {
      left = without(await this.ask('resources'), this.#before);
      return left.length === 0 ? undefined : 'something is left open';
    }).catch(() => undefined);
    this.#child.disconnect();
    const timer = setTimeout(() => this.signal('SIGKILL'), 5000);
    const code = await this.ended;
    clearTimeout(timer);
    return code === 0 ? left : [...left, `it ended with ${code}`];
  }
}

/** Questions to a child process. */
class Talk {
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #asked = 0;

  constructor(child: ChildProcess, events: NodeEvent[]) {
    this.#child = child;
    child.on('message', (message: { id?: number; value?: never; error?: string; event?: NodeEvent }) => {
      if (message.event !== undefined) events.push(message.event);
      if (message.id === undefined) return;
      const question = this.#open.get(message.id);
      this.#open.delete(message.id);
      if (message.error === undefined) question?.resolve(message.value as never);
      else question?.reject(new Error(message.error));
    });
    this.ended = once(child, 'exit').then(([code, signal]) => {
      for (const { reject } of this.#open.values()) reject(new Error('the node has ended'));
      this.#open.clear();
      return (code ?? signal) as number | string;
    });
  }

  ask<Method extends keyof Answers>(method: Method, argument: unknown): Promise<ReturnType<Answers[Method]>> {
    return new Promise((resolve, reject) => {
      this.#asked += 1;
      const id = this.#asked;
      this.#open.set(id, { resolve, reject });
      this.#child.send({ id, method, argument }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}

/** Real nodes on a network with faults, and what has to be true of them after each. */
export class FaultLab {
  readonly network = new FaultyNetwork();
  readonly #config: Partial<ClusterConfig>;
  readonly #all: FaultNode[] = [];

  /** @param config of every node */
  constructor(config: Partial<ClusterConfig> = {}) {
    this.#config = config;
  }

  /** The id that a node of this name has here, started or not. */
  async idOf(name: string): Promise<string> {
    const { host, port } = await this.network.place(name);
    return `${name}@${host}:${port}`;
  }

  /** Starts a node, or starts it anew. It looks for the `seeds`, and asks the others things all the time. */
  async start(
    name: string,
    seeds: readonly string[] = [],
    { aheadMs = 0, ...config }: Partial<ClusterConfig> & { readonly aheadMs?: number } = {},
  ): Promise<FaultNode> {
    const place = await this.network.place(name);
    const ids = await Promise.all(seeds.map((seed) => this.idOf(seed)));
    const settings = { ...this.#config, nodeName: name, ...place, seeds: ids, ...config };
    const node = await FaultNode.start(name, settings, settings.listen, aheadMs);
    this.#all.push(node);
    await node.ask('probe', true);
    return node;
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
   * itself; with how long that took, ms. Rejects, with what is still wrong, when it takes longer than `boundMs`.
   */
  async agree(nodes: readonly FaultNode[], boundMs: number): Promise<number> {
    return within(boundMs, async () => {
      const views = await Promise.all(nodes.map(async (node) => ({ node, view: await node.ask('view') })));
      for (const { node, view } of views) {
        for (const other of views) {
          const wrong = disagreement(view, other.node, other.view, other.node === node);
          if (wrong !== undefined) return `${node.name} on ${other.node.name}: ${wrong}`;
        }
        const extra = Object.entries(view.nodes).find(
          ([id, status]) => status === 'connected' && !nodes.some((other) => other.id === id),
        );
        if (extra !== undefined) return `${node.name} is linked with ${extra[0]}`;
      }
      return undefined;
    });
  }

  /** Resolves when these nodes were told by the other itself what its processes have done. */
  async shown(nodes: readonly FaultNode[], other: FaultNode, boundMs: number): Promise<number> {
    const counted = await other.ask('counted');
    return within(boundMs, async () => {
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
    await within(boundMs, async () => {
      const still = nodes.find((node) => node.events.findLast(({ id }) => id === other.id)?.type !== 'down');
      return still === undefined ? undefined : `${still.name} still has ${other.name}`;
    });
  }

  /** What is wrong with what the nodes were told in all: of each other node, ups and downs have to alternate. */
  complaints(): readonly string[] {
    return this.#all.flatMap(({ name, events }) =>
      [...new Set(events.map(({ id }) => id))].flatMap((id) => {
        const told = events.filter((event) => event.id === id).map(({ type }) => type);
        const isRight = told.every((type, at) => type === (at % 2 === 0 ? 'up' : 'down'));
        return isRight ? [] : [`${name} was told of ${id}: ${told.join(', ')}`];
      }),
    );
  }

  /** Stops the nodes politely. Returns what is wrong with what they were told, and with what they left open. */
  async stop(nodes: readonly FaultNode[]): Promise<readonly string[]> {
    const left = await Promise.all(
      nodes.map(async (node) => (await node.stop()).map((what) => `${node.name} left ${what}`)),
    );
    return [...left.flat(), ...this.complaints()];
  }

  /** Ends all that is still there. */
  async end(): Promise<void> {
    for (const node of this.#all) node.signal('SIGKILL');
    await Promise.all(this.#all.map(({ ended }) => ended));
    await this.network.close();
  }
}

function disagreement(view: View, other: FaultNode, own: View, isLocal: boolean): string | undefined {
  if (!isLocal && view.nodes[other.id] !== 'connected') return `it is ${view.nodes[other.id] ?? 'unknown'}`;
  for (const [how, rows] of [
    ['asked', view.asked[other.id]],
    ['shown', view.shown?.[other.id]],
  ] as const) {
    if (rows?.status !== 'connected') return `${how}, it is ${rows?.status ?? 'not there'}`;
    if (!isSame(rows.rows ?? {}, own.handled))
      return `${how}, it has ${JSON.stringify(rows.rows)}, and counted ${JSON.stringify(own.handled)}`;
  }
  return undefined;
}

function isSame(one: Counts, other: Counts): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

function without(all: readonly string[], some: readonly string[]): readonly string[] {
  const left = [...all];
  for (const each of some) {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

/**
 * Resolves when there is nothing to complain of any more, with how long that took, ms. Rejects with the last complaint
 * when it takes longer than `boundMs`.
 */
export async function within(boundMs: number, complaint: () => Promise<string | undefined>): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const wrong = await complaint();
    const took = performance.now() - begun;
    if (wrong === undefined) return took;
    if (took > boundMs) throw new Error(`after ${Math.round(took)} ms: ${wrong}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
