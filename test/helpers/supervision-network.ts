import { SimulatedClock } from '../../src/clock.js';
import type { ChildRequestBody } from '../../src/distributed-supervisor/child-requests.js';
import type { DistributedSupervisorOptions } from '../../src/distributed-supervisor/distributed-options.js';
import type { SupervisionMessage } from '../../src/distributed-supervisor/supervision-protocol.js';
import { turn } from './event-loop.js';
import { SimulatedChannels } from './simulated-channels.js';
import type { Rule } from './simulated-name.js';
import { type SentItem, SupervisedNode } from './supervised-node.js';
import { problemsOf } from './supervision-problems.js';

/** Defects that can be injected. */
export interface Defects {
  /** The order of two claims. */
  readonly rule?: Rule;
  /** Which messages of other nodes about the supervisor are not handled. */
  readonly ignores?: (message: SupervisionMessage) => boolean;
  /** Whether leaders do not wait for the lists of the nodes. */
  readonly isHasty?: boolean;
}

const QUIET_MS = 250;
/** Together longer than all time limits of a supervisor, one after another. */
const QUIET_STEPS = 60;

/** Nodes that run one distributed supervisor. Nothing moves by itself: each method is one thing that happens. */
export class SupervisionNetwork {
  readonly nodes: SupervisedNode[] = [];
  readonly #options: DistributedSupervisorOptions;
  readonly #defects: Defects;
  readonly #pick: (count: number) => number;
  readonly #clock = new SimulatedClock();
  readonly #channels: SimulatedChannels<SentItem>;
  /** For each node: the lives that have ended for good, as far as it knows. */
  readonly #ended = new Map<SupervisedNode, Set<string>>();
  readonly #leaving = new Set<SupervisedNode>();
  readonly #openRequests = new Set<{ readonly node: SupervisedNode; readonly body: ChildRequestBody }>();
  /** The children that had a request to end or could not be restarted, or ended normally: they need not run. */
  readonly #finished = new Set<string>();
  #lastLife = 0;
  #hasLostChannel = false;
  #hasGivenUp = false;
  /** How many leaders met another one, and lost. */
  conflicts = 0;
  /** How many processes were stopped because another node ran the child, too. */
  duplicates = 0;
  violation: string | undefined;

  /** @param pick chooses one of `count` */
  constructor(
    count: number,
    options: DistributedSupervisorOptions,
    pick: (count: number) => number,
    defects: Defects = {},
  ) {
    this.#options = options;
    this.#pick = pick;
    this.#defects = defects;
    this.#channels = new SimulatedChannels(Array.from({ length: count }, (_, at) => `n${at}`));
    for (let at = 0; at < count; at += 1) this.#begin(at);
  }

  async startInstance(at: number): Promise<void> {
    const node = this.#node(at);
    if (node.isAlive) void node.startInstance(this.#options);
    await turn();
  }

  async stopInstance(at: number): Promise<void> {
    const node = this.#node(at);
    if (node.isAlive) void node.stopInstance();
    await turn();
  }

  async killInstance(at: number): Promise<void> {
    const node = this.#node(at);
    if (node.isAlive) node.killInstance();
    await turn();
  }

  async request(at: number, body: ChildRequestBody): Promise<void> {
    const node = this.#node(at);
    if (!node.isAlive) return;
    if (body.type === 'terminate_child') this.#finished.add(body.childId);
    const request = { node, body };
    this.#openRequests.add(request);
    node.request(body).then(
      () => this.#openRequests.delete(request),
      () => {
        this.#openRequests.delete(request);
        this.#finished.add(body.childId);
      },
    );
    await turn();
  }

  /** Lets a process of a node begin `init`, complete it, or end. */
  async progress(at: number, number: number): Promise<void> {
    const node = this.#node(at);
    const process = [...node.processes.values()][number % Math.max(1, node.processes.size)];
    if (process !== undefined) node.progress(process);
    await turn();
  }

  /** Ends a running process of a node, with an error or normally. */
  async crash(at: number, number: number, isNormal: boolean): Promise<void> {
    const node = this.#node(at);
    const running = [...node.processes.values()].filter(({ phase }) => phase === 'running');
    const process = running[number % Math.max(1, running.length)];
    if (process === undefined) return;
    if (isNormal) this.#finished.add(process.childId);
    node.exit(process, isNormal ? 'normal' : { error: new Error('boom') });
    await turn();
  }

  async advance(ms: number): Promise<void> {
    this.#clock.advance(ms);
    await turn();
  }

  async connect(a: number, b: number): Promise<void> {
    const [one, other] = [this.#node(a), this.#node(b)];
    if (a !== b && isMember(one) && isMember(other)) this.#channels.connect(one, other);
    await turn();
  }

  /** Breaks a channel. Of what is on its way, a first part still arrives. */
  async sever(a: number, b: number, arrivesAtB: number, arrivesAtA: number): Promise<void> {
    const isLost = a !== b && this.#channels.sever(this.#node(a).id, this.#node(b).id, arrivesAtB, arrivesAtA);
    this.#hasLostChannel ||= isLost;
    await turn();
  }

  /** Breaks all channels between two groups of nodes. What is on its way is lost. */
  async partition(isOnOneSide: (at: number) => boolean): Promise<void> {
    for (const a of this.nodes.keys()) {
      for (const b of this.nodes.keys()) if (isOnOneSide(a) && !isOnOneSide(b)) await this.sever(a, b, 0, 0);
    }
  }

  /** Kills a node. What it has sent still arrives. */
  async kill(at: number): Promise<void> {
    const node = this.#node(at);
    if (!node.isAlive) return;
    node.isAlive = false;
    node.processes.clear();
    this.#channels.kill(node.id);
    await turn();
  }

  /** Starts a killed node again, in another life. */
  async restart(at: number): Promise<void> {
    const { id, isAlive } = this.#node(at);
    if (isAlive || !this.#channels.isApart(id)) return;
    this.#hasLostChannel = true;
    this.#begin(at);
    this.#node(at).supervision.started(true);
    await turn();
  }

  async leave(at: number): Promise<void> {
    const node = this.#node(at);
    if (!isMember(node) || this.#leaving.has(node)) return;
    this.#leaving.add(node);
    void node.supervision.leave().then(() => {
      this.#leaving.delete(node);
      if (!node.isAlive) return;
      node.isMember = false;
      this.#channels.leave(node.id);
    });
    await turn();
  }

  /** Lets a node that has left start again in the cluster. Until it is connected, it is alone. */
  async rejoin(at: number): Promise<void> {
    const node = this.#node(at);
    if (!node.isAlive || node.isMember || !this.#channels.isApart(node.id)) return;
    this.#hasLostChannel = true;
    node.isMember = true;
    node.supervision.started(true);
    await turn();
  }

  /** Delivers the first items on their way between two nodes, in one turn of the event loop. */
  async deliver(from: string, to: string, count: number): Promise<void> {
    for (let delivered = 0; delivered < count; delivered += 1) this.#deliverOne(from, to);
    await turn();
  }

  /** Delivers everything that is on its way, and completes what processes do. */
  async settle(): Promise<void> {
    for (let step = 0; step < 20_000 && this.violation === undefined; step += 1) {
      const { busy } = this.#channels;
      const working = this.nodes.flatMap((node) =>
        [...node.processes.values()].flatMap((process) => (process.phase === 'running' ? [] : [{ node, process }])),
      );
      if (busy.length + working.length === 0) return;
      const chosen = this.#pick(busy.length + working.length);
      const [from, to] = busy[chosen] ?? [];
      if (from !== undefined && to !== undefined) await this.deliver(from, to, 1 + this.#pick(4));
      const work = working[chosen - busy.length];
      if (work !== undefined) work.node.progress(work.process);
      await turn();
    }
    this.violation ??= 'the network does not settle';
  }

  /** Connects all nodes, waits until nothing happens any more, and checks what must be true then. */
  async heal(): Promise<void> {
    for (let step = 0; step < QUIET_STEPS && this.violation === undefined; step += 1) {
      for (const a of this.nodes.keys()) for (const b of this.nodes.keys()) if (a < b) await this.connect(a, b);
      await this.settle();
      await this.advance(QUIET_MS);
    }
    await this.settle();
    const open = [...this.#openRequests].find(({ node }) => node.isAlive);
    if (open !== undefined) this.violation ??= `${open.body.type} of ${open.body.childId} was not settled`;
    const isNeeded = (id: string): boolean => !this.#hasGivenUp && !this.#finished.has(id);
    const [problem] = problemsOf(this.nodes, this.#options.children ?? [], isNeeded);
    this.violation ??= problem;
  }

  #node(at: number): SupervisedNode {
    return this.nodes[at] as SupervisedNode;
  }

  #begin(at: number): void {
    const id = this.#channels.ids[at] ?? '';
    this.#lastLife += 1;
    const ended = new Set<string>();
    const node: SupervisedNode = new SupervisedNode(id, `${id}-${this.#lastLife}`, {
      rule: this.#defects.rule,
      ignores: this.#defects.ignores,
      skewMs: this.#pick(2000),
      now: () => this.#clock.monotonic(),
      random: () => this.#pick(1000) / 1000,
      after: (ms, action) => {
        const timer = this.#clock.setTimeout(action, ms);
        return () => this.#clock.clearTimeout(timer);
      },
      peers: () => this.#channels.peersOf(id),
      hasEnded: (life) => ended.has(life),
      send: (to, item) => this.#channels.send(id, to, item),
      isNameTaken: (name) => this.#isNameTaken(node, name),
      onSpawned: (childId) => this.#checkOnce(childId),
      onConflict: () => {
        this.conflicts += 1;
      },
      onDuplicate: () => {
        this.duplicates += 1;
      },
      onGaveUp: () => {
        this.#hasGivenUp = true;
      },
    });
    this.nodes[at] = node;
    this.#ended.set(node, ended);
  }

  #isNameTaken(node: SupervisedNode, name: string): boolean {
    const linked = new Set(
      this.#channels
        .peersOf(node.id)
        .map(({ id }) => id)
        .concat(node.id),
    );
    return this.nodes.some(
      ({ id, children }) =>
        linked.has(id) && children.some(({ spec, phase }) => spec.name === name && phase !== 'spawned'),
    );
  }

  #checkOnce(childId: string): void {
    const all = this.nodes.flatMap(({ id, children }) => children.map((child) => `${child.childId} at ${id}`));
    const same = all.filter((each) => each.startsWith(`${childId} `));
    if (same.length > 1 && !this.#hasLostChannel) this.violation ??= `${same.join(' and ')}, but no channel was lost`;
  }

  #deliverOne(from: string, to: string): void {
    const arrival = this.#channels.take(from, to);
    const node = this.#node(this.#channels.ids.indexOf(to));
    const ended = this.#ended.get(node);
    if (arrival === undefined) return;
    if (arrival.type === 'up') {
      if (arrival.before !== undefined && arrival.before !== arrival.life) ended?.add(arrival.before);
      ended?.delete(arrival.life);
      node.up(from, arrival.life);
    } else if (arrival.type === 'down') {
      node.down(from);
      if (arrival.hasLeft) {
        ended?.add(arrival.life);
        node.supervision.lifeEnded();
      }
    } else node.receive(from, arrival.life, arrival.item);
    if (this.#defects.isHasty) for (const peer of this.#channels.peersOf(to)) node.assumeEmpty(peer);
  }
}

function isMember(node: SupervisedNode): boolean {
  return node.isAlive && node.isMember;
}
