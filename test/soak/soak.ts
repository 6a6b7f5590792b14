import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../helpers/eventually.js';
import { FaultLab } from '../helpers/fault-lab.js';
import type { FaultNode } from '../helpers/forked-node.js';
import type { Conditions } from './conditions.js';
import { DistributionLoad } from './distribution-load.js';
import { EFFECTS, type Target } from './effects.js';
import { MessageLoad } from './message-load.js';
import { FAULTS, type Injection, type Step } from './schedule.js';
import type { Tally } from './tally.js';

/** A question that is open for longer than its time-out of 500 ms and this, ms, hangs. */
const HANGING_MS = 500 + 5000;
/** More timers than this at once are not what a node has when all is calm: visitors of the shop have one each. */
const MOST_TIMERS = 60;
/** What a node may hold once all is collected that can be, bytes. */
const MOST_HEAP = 64 * 2 ** 20;
/** By how much that may grow in the second half of a soak, bytes. */
const MOST_GROWTH = 4 * 2 ** 20;

/** Where the second node with an id is. */
const ELSEWHERE = '127.0.1.99';

/** A cluster of real nodes, each with the shop of the demo, and one who looks on from outside, while things happen to them. */
export class Soak implements Target {
  readonly lab: FaultLab;
  readonly names: readonly string[];
  readonly #boundMs: number;
  readonly #tally: Tally;
  /** Both only in a cluster with a secret: without one, a TCP stream that is changed on the way may repeat messages. */
  readonly #messages: MessageLoad | undefined;
  readonly #distribution: DistributionLoad | undefined;
  readonly #nodes = new Map<string, FaultNode>();
  #onlooker: FaultNode | undefined;
  /** How many nodes are restarted in this step. */
  #comeAndGo = 0;

  constructor(names: readonly string[], { settings, boundMs }: Conditions, tally: Tally) {
    this.lab = new FaultLab(settings, { hasShop: true });
    this.#boundMs = boundMs;
    this.names = names;
    this.#tally = tally;
    const isSecured = settings.clusterSecret !== undefined;
    this.#messages = isSecured ? new MessageLoad() : undefined;
    this.#distribution = isSecured ? new DistributionLoad() : undefined;
  }

  async start(): Promise<void> {
    await Promise.all(this.names.map((name) => this.restart(name)));
    await this.lab.agree(this.#members, this.#boundMs);
    this.#onlooker = await this.lab.attach('outside', this.#members);
    await this.#check();
    await this.#messages?.sendToAll(this.#members);
  }

  node(name: string): FaultNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  async restart(name: string): Promise<void> {
    const node = await this.lab.start(name, this.#seedsOf(name));
    this.#nodes.set(name, node);
    await this.#distribution?.start(node);
  }

  async agreeWithout(name: string): Promise<void> {
    if (this.#comeAndGo > 1) return;
    await this.lab.agree(
      this.#members.filter((node) => node.name !== name),
      this.#boundMs,
    );
  }

  twin(name: string): Promise<FaultNode> {
    return this.lab.start(name, this.#seedsOf(name), { listen: ELSEWHERE });
  }

  /** Lets it happen, and sees that all is well again. Rejects with what is not. */
  async step({ faults, calmMs }: Step): Promise<void> {
    this.#comeAndGo = faults.filter(({ kind }) => FAULTS[kind].hits === 'mortal').length;
    await Promise.all(faults.map((injection) => EFFECTS[injection.kind](this, injection)));
    // So that there is something new to agree on.
    await Promise.all(this.#members.map((node) => node.ask('cast', 10)));
    await this.#check(faults);
    await this.#messages?.sendToAll(this.#members);
    await sleep(calmMs);
  }

  /** Stops all politely. Rejects with what they left. */
  async stop(): Promise<void> {
    await this.#messages?.stop(this.#members, this.#boundMs);
    this.#countMessages();
    await this.#measure();
    const grown = this.#tally.grown();
    if (grown > MOST_GROWTH) throw new Error(`a node holds ${grown} bytes more than after half of the time`);
    const left = await this.lab.stop([...this.#members, ...this.#lookers]);
    if (left.length > 0) throw new Error(left.join('\n'));
  }

  get #members(): readonly FaultNode[] {
    return [...this.#nodes.values()];
  }

  get #lookers(): readonly FaultNode[] {
    return this.#onlooker === undefined ? [] : [this.#onlooker];
  }

  /** Two, so that there is always one. */
  #seedsOf(name: string): readonly string[] {
    return this.names.filter((other) => other !== name).slice(0, 2);
  }

  async #check(faults: readonly Injection[] = []): Promise<void> {
    const begun = performance.now();
    await this.lab.agree(this.#members, this.#boundMs);
    const agreedMs = performance.now() - begun;
    await this.lab.agree(this.#members, this.#boundMs, this.#lookers);
    this.#tally.agreed(faults, agreedMs, performance.now() - begun);
    const complaints = this.lab.complaints();
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    await this.#distribution?.check(this.#members, this.#boundMs);
    const distributedMs = performance.now() - begun;
    if (this.#distribution !== undefined) this.#tally.distributed(faults, distributedMs, this.#distribution.counts);
    await this.#messages?.check(this.#members);
    this.#countMessages();
    for (const node of [...this.#members, ...this.#lookers])
      await eventually(this.#boundMs, () => this.#leftOver(node));
    await this.#measure();
  }

  #countMessages(): void {
    if (this.#messages !== undefined) this.#tally.messages(this.#messages.counts);
  }

  /** What a node has open that it has not when all is calm. */
  async #leftOver(node: FaultNode): Promise<string | undefined> {
    const longest = Math.max(0, ...(await node.ask('open')));
    if (longest > HANGING_MS) return `a promise of ${node.name} is open for ${Math.round(longest)} ms`;
    const resources = await node.ask('resources');
    const count = (type: string): number => resources.filter((each) => each === type).length;
    const isMember = !node.isOutside;
    // One for each other node; and the one who looks on has one with each.
    const sockets = isMember ? this.names.length - 1 + this.#lookers.length : this.names.length;
    if (count('TCPSocketWrap') !== sockets) return `${node.name} has ${count('TCPSocketWrap')} sockets, not ${sockets}`;
    const servers = isMember ? 1 : 0;
    if (count('TCPServerWrap') !== servers) return `${node.name} has ${count('TCPServerWrap')} servers, not ${servers}`;
    const timers = count('Timeout');
    if (timers > MOST_TIMERS) return `${node.name} has ${timers} timers`;
    return undefined;
  }

  async #measure(): Promise<void> {
    for (const node of [...this.#members, ...this.#lookers]) {
      const memory = await node.ask('memory');
      if (memory.heapUsed > MOST_HEAP) throw new Error(`${node.name} holds ${memory.heapUsed} bytes`);
      const { gaps, conflations } = await this.#healthOf(node);
      const totals = await node.ask('totals');
      const { ups, downs } = this.#toldOf(node);
      this.#tally.measured(node, memory, { ...totals, gaps, conflations, ups, downs });
    }
  }

  async #healthOf(node: FaultNode): Promise<{ readonly gaps: number; readonly conflations: number }> {
    const { nodes, conflations } = await node.ask('health');
    return { gaps: nodes.reduce((sum, { gaps }) => sum + gaps, 0), conflations };
  }

  #toldOf({ events }: FaultNode): { readonly ups: number; readonly downs: number } {
    const ups = events.filter(({ type }) => type === 'up').length;
    return { ups, downs: events.length - ups };
  }
}
