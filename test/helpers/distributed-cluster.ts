import { GlobalNameConflictError } from '../../src/errors.js';
import type { ProcessRef, SupervisorRef } from '../../src/process/process-refs.js';
import { turn } from './event-loop.js';
import { HostedWorkers, workerSpec } from './hosted-workers.js';
import { ObservedCluster, type ObservedNode } from './observed-cluster.js';
import { counter } from './servers.js';

export type ClusterAction =
  | { readonly type: 'partition'; readonly side: number }
  | { readonly type: 'heal' }
  | { readonly type: 'join' }
  | { readonly type: 'kill' | 'leave' | 'start' | 'stop'; readonly node: number }
  | { readonly type: 'register' | 'group'; readonly node: number; readonly name: string }
  | { readonly type: 'crash' | 'start_child' | 'terminate_child'; readonly node: number; readonly child: string }
  | { readonly type: 'wait'; readonly ms: number };

interface Member extends ObservedNode {
  supervisor: SupervisorRef | undefined;
}

const FIRST_PORT = 4369;
const MAX_NODES = 6;
const QUIET_MS = 60_000;
const SUPERVISOR = 'noex:supervisor:jobs';
const STATIC = ['x', 'y'];

/** Whole runtimes with global names, groups and one distributed supervisor, and what is wrong with them in the end. */
export class DistributedCluster {
  readonly #cluster = new ObservedCluster();
  readonly #workers = new HostedWorkers();
  /** All nodes in the cluster. */
  readonly #members: Member[] = [];
  readonly #errors: (readonly unknown[])[] = [];
  readonly #names = new Set<string>([SUPERVISOR]);
  readonly #joined: { readonly group: string; readonly ref: ProcessRef; readonly node: Member }[] = [];
  readonly #terminated = new Set<string>();
  #started = 0;
  #openRequests = 0;
  #hasLostChannel = false;

  /** How often a name or a child had two owners or processes. */
  get conflicts(): number {
    const lost = this.#errors.flat().filter((error) => error instanceof GlobalNameConflictError);
    return lost.length + Math.max(0, this.#workers.mostAtOnce - 1);
  }

  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.#join();
    await this.#cluster.run(3000);
  }

  async apply(action: ClusterAction): Promise<void> {
    const { network } = this.#cluster;
    if (action.type === 'wait') return this.#cluster.run(action.ms);
    if (action.type === 'heal') return network.heal();
    if (action.type === 'join') return this.#join();
    if (action.type === 'partition') {
      this.#hasLostChannel = true;
      const sides = [0, 1].map((side) => this.#members.filter((_, at) => ((action.side >> at) & 1) === side));
      const [one = [], other = []] = sides.map((side) => side.map(({ address }) => address));
      return network.partition(one, other);
    }
    const node = this.#members[action.node % Math.max(1, this.#members.length)];
    if (node === undefined) return undefined;
    this.#actOn(node, action);
    return turn();
  }

  /** Ends all faults, waits, and returns what is wrong then. */
  async settle(): Promise<readonly string[]> {
    this.#cluster.network.heal();
    await this.#cluster.run(QUIET_MS);
    const problems = [...this.#namesProblems(), ...this.#groupProblems(), ...this.#supervisorProblems()];
    if (this.#openRequests > 0) problems.push(`${this.#openRequests} requests were not settled`);
    if (!this.#hasLostChannel && this.#workers.mostAtOnce > 1) problems.push('a child ran twice');
    return problems;
  }

  #actOn(node: Member, action: Exclude<ClusterAction, { type: 'partition' | 'heal' | 'join' | 'wait' }>): void {
    const { DistributedSupervisor, GenServer, GlobalRegistry, ProcessGroups } = node;
    const { supervisor } = node;
    switch (action.type) {
      case 'kill':
        this.#hasLostChannel = true;
        this.#remove(node);
        this.#cluster.network.kill(node.address);
        this.#workers.forget(node.id);
        break;
      case 'leave':
        this.#remove(node);
        this.#request(node, () => node.Cluster.stop());
        break;
      case 'start':
        this.#startSupervisor(node);
        break;
      case 'stop':
        node.supervisor = undefined;
        if (supervisor !== undefined) this.#request(node, () => DistributedSupervisor.stop(supervisor));
        break;
      case 'register':
        this.#names.add(action.name);
        this.#request(node, async () => GlobalRegistry.register(action.name, await GenServer.start(counter)));
        break;
      case 'group':
        this.#request(node, async () => {
          const ref = await GenServer.start(counter);
          ProcessGroups.join(action.name, ref);
          this.#joined.push({ group: action.name, ref, node });
        });
        break;
      case 'terminate_child':
        this.#terminated.add(action.child);
        if (supervisor !== undefined)
          this.#request(node, () => DistributedSupervisor.terminateChild(supervisor, action.child));
        break;
      case 'start_child':
        if (supervisor !== undefined)
          this.#request(node, () => DistributedSupervisor.startChild(supervisor, workerSpec(action.child)));
        break;
      case 'crash': {
        const ref = supervisor && DistributedSupervisor.getChild(supervisor, action.child)?.ref;
        if (ref !== undefined) this.#request(node, async () => GenServer.cast(ref, 'boom'));
      }
    }
  }

  #startSupervisor(node: Member): void {
    if (node.supervisor !== undefined) return;
    const children = STATIC.map((id) => workerSpec(id, { name: `child ${id}` }));
    this.#request(node, async () => {
      node.supervisor = await node.DistributedSupervisor.start({
        name: 'jobs',
        nodeSelector: 'round_robin',
        orphanTimeout: 5000,
        restartIntensity: { maxRestarts: 1000, withinMs: 5000 },
        children,
      });
    });
  }

  /** Counts a request that must be settled, unless its node is killed. */
  #request(node: Member, act: () => Promise<unknown>): void {
    this.#openRequests += 1;
    let isOpen = true;
    const settled = (): void => {
      if (isOpen) this.#openRequests -= 1;
      isOpen = false;
      this.#abandoned.get(node)?.delete(settled);
    };
    const open = this.#abandoned.get(node) ?? new Set();
    this.#abandoned.set(node, open.add(settled));
    act().then(settled, settled);
  }
  readonly #abandoned = new Map<Member, Set<() => void>>();

  #remove(node: Member): void {
    this.#members.splice(this.#members.indexOf(node), 1);
    node.supervisor = undefined;
    for (const settled of [...(this.#abandoned.get(node) ?? [])]) settled();
  }

  async #join(): Promise<void> {
    if (this.#started === MAX_NODES) return;
    const index = this.#started;
    this.#started += 1;
    const seeds = Array.from({ length: MAX_NODES }, (_, at) => `n${at}@127.0.0.1:${FIRST_PORT + at}`);
    const node = await this.#cluster.start(`n${index}`, {}, { seeds, reconnectBaseDelayMs: 10 });
    this.#workers.register(node, node.id);
    this.#members.push({ ...node, supervisor: undefined });
    this.#errors.push(node.errors);
  }

  #namesProblems(): readonly string[] {
    return [...this.#names].flatMap((name) => {
      const owners = this.#members.map(({ GlobalRegistry }) => keyOf(GlobalRegistry.whereis(name)));
      if (new Set(owners).size > 1) return [`the nodes do not agree on ${name}: ${owners.join(' ')}`];
      const [first] = this.#members;
      const ref = first?.GlobalRegistry.whereis(name);
      return ref !== undefined && !first?.GenServer.isRunning(ref) ? [`the owner of ${name} is not alive`] : [];
    });
  }

  #groupProblems(): readonly string[] {
    return [...new Set(this.#joined.map(({ group }) => group))].flatMap((group) => {
      const living = this.#joined.filter((each) => each.group === group && this.#members.includes(each.node));
      const union = living.map(({ ref }) => keyOf(ref)).sort();
      return this.#members.flatMap(({ id, ProcessGroups }) => {
        const view = ProcessGroups.members(group).map(keyOf).sort();
        return view.join() === union.join() ? [] : [`${id} sees other members of ${group}`];
      });
    });
  }

  #supervisorProblems(): readonly string[] {
    const instances = this.#members.filter(({ supervisor }) => supervisor !== undefined);
    const isLed = this.#members[0]?.GlobalRegistry.whereis(SUPERVISOR) !== undefined;
    if (isLed !== instances.length > 0) return [`there are ${instances.length} instances; led: ${isLed}`];
    const lists = instances.map(({ supervisor, DistributedSupervisor }) =>
      supervisor === undefined ? [] : DistributedSupervisor.getChildren(supervisor),
    );
    const places = lists.map((list) =>
      Object.fromEntries(list.flatMap(({ id, nodeId }) => (nodeId === undefined ? [] : [[id, nodeId]])).sort()),
    );
    const real = JSON.stringify(this.#workers.places);
    const wrong = (places.length === 0 ? [{}] : places).filter((each) => JSON.stringify(each) !== real);
    const missing = isLed ? STATIC.filter((id) => !this.#terminated.has(id) && !(id in this.#workers.places)) : [];
    return [
      ...wrong.map((each) => `the list is ${JSON.stringify(each)}, but ${real} run`),
      ...missing.map((id) => `${id} does not run`),
    ];
  }
}

function keyOf(ref: ProcessRef | undefined): string {
  return ref === undefined ? 'none' : `${ref.life}/${ref.id}`;
}
