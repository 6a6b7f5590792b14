import { SimulatedClock } from '../../src/clock.js';
import { NodeId } from '../../src/cluster/node-id.js';
import { MemoryNetwork } from '../../src/cluster/transport/memory-transport.js';
import type { Address } from '../../src/cluster/transport/transport.js';
import type { NoexError } from '../../src/errors.js';
import type { Monitor, ProcessDown } from '../../src/process/gen-server-types.js';
import type { GenServerRef } from '../../src/process/process-refs.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { Runtime } from '../../src/runtime/runtime-options.js';
import { turn } from '../helpers/event-loop.js';
import { seededRandom } from '../helpers/seeded-random.js';

export type NodeFault =
  | { readonly kind: 'cut' | 'sever' | 'reset'; readonly pair: readonly [number, number] }
  | { readonly kind: 'restart' | 'freeze' | 'thaw' | 'replace'; readonly node: number }
  | { readonly kind: 'heal' };

const STEP_MS = 50;
const CALL_TIMEOUT_MS = 3000;
const FIRST_PORT = 6000;

type WorkerRef = GenServerRef<null, string, string, string>;

interface TestNode {
  readonly runtime: Runtime;
  readonly address: Address;
  readonly watcher: GenServerRef;
  worker: WorkerRef;
}

/** Runtimes whose processes send to each other all the time, what happens to them, and what is wrong with what they saw. */
export class FaultyNodes {
  readonly #clock = new SimulatedClock();
  readonly #network: MemoryNetwork;
  readonly #nodes: TestNode[] = [];
  readonly #violations: string[] = [];
  /** What each worker handled, in order. */
  readonly #handled = new Map<string, string[]>();
  /** How often a notice of each monitor came, by the runtime of the watcher. */
  readonly #downs = new Map<Runtime, Map<Monitor, number>>();
  /** Messages whose call was rejected as not handled. */
  readonly #notHandled: string[] = [];
  /** Of each runtime that lives. */
  readonly #openCalls = new Map<Runtime, number>();
  #lastMessage = 0;

  constructor(seed: number) {
    this.#network = new MemoryNetwork({ clock: this.#clock, random: seededRandom(seed), lossRate: 0.05 });
  }

  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) this.#nodes.push(await this.#startNode(index));
    await this.run(3000);
  }

  async apply(fault: NodeFault): Promise<void> {
    if (fault.kind === 'heal') {
      this.#network.heal();
      return;
    }
    if ('pair' in fault) {
      const [a, b] = fault.pair.map((index) => this.#node(index).address) as [Address, Address];
      if (fault.kind === 'cut') this.#network.cut(a, b);
      else this.#network.sever(a, b);
      if (fault.kind === 'reset') this.#network.sever(b, a);
      return;
    }
    const node = this.#node(fault.node);
    if (fault.kind === 'freeze') this.#network.freeze(node.address);
    else if (fault.kind === 'thaw') this.#network.thaw(node.address);
    else if (fault.kind === 'replace') {
      node.runtime.GenServer.kill(node.worker);
      node.worker = await this.#startWorker(node.runtime);
    } else {
      this.#network.kill(node.address);
      // Nothing is promised to a node that is dead.
      this.#openCalls.delete(node.runtime);
      this.#downs.delete(node.runtime);
      this.#nodes[fault.node] = await this.#startNode(fault.node);
    }
  }

  /** Moves time on; meanwhile all nodes send to the workers of all others. */
  async run(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += STEP_MS) {
      this.#talk();
      await turn();
      this.#clock.advance(STEP_MS);
      await turn();
    }
  }

  /** Ends all faults, and then all workers: every call is settled then, and every monitor down. */
  async settle(): Promise<void> {
    this.#network.heal();
    for (const { address } of this.#nodes) this.#network.thaw(address);
    await this.run(30_000);
    for (const { runtime, worker } of this.#nodes) runtime.GenServer.kill(worker);
    for (let at = 0; at < 10_000; at += STEP_MS) {
      await turn();
      this.#clock.advance(STEP_MS);
    }
    await turn();
  }

  violations(): readonly string[] {
    const all = [...this.#violations];
    for (const count of this.#openCalls.values()) if (count !== 0) all.push(`${count} calls were not settled`);
    const everything = new Set([...this.#handled.values()].flat());
    for (const message of this.#notHandled) if (everything.has(message)) all.push(`${message} was handled after all`);
    for (const [worker, messages] of this.#handled) all.push(...orderViolations(worker, messages));
    for (const downs of this.#downs.values()) {
      for (const [{ id }, count] of downs) if (count !== 1) all.push(`monitor ${id} had ${count} notices`);
    }
    return all;
  }

  get handledCount(): number {
    return [...this.#handled.values()].reduce((sum, { length }) => sum + length, 0);
  }

  #node(index: number): TestNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  #talk(): void {
    this.#nodes.forEach((from, sender) => {
      for (const to of this.#nodes) {
        if (to === from) continue;
        this.#cast(from.runtime, to.worker, `${sender} ${++this.#lastMessage}`);
        this.#call(from.runtime, to.worker, `${sender} ${++this.#lastMessage}`);
        if (this.#lastMessage % 5 === 0) this.#monitor(from, to.worker);
      }
    });
  }

  #cast({ GenServer }: Runtime, worker: WorkerRef, message: string): void {
    try {
      GenServer.cast(worker, message);
    } catch {
      this.#notHandled.push(message);
    }
  }

  #call(runtime: Runtime, worker: WorkerRef, message: string): void {
    const count = (by: number): void => {
      const open = this.#openCalls.get(runtime);
      if (open !== undefined) this.#openCalls.set(runtime, open + by);
    };
    count(1);
    runtime.GenServer.call(worker, message, { timeout: CALL_TIMEOUT_MS }).then(
      (reply) => {
        count(-1);
        if (reply !== `re: ${message}`) this.#violations.push(`'${message}' got '${reply}'`);
      },
      (error: NoexError) => {
        count(-1);
        if (error.mayHaveBeenHandled === undefined)
          this.#violations.push(`${error.name} does not say whether it may have been handled`);
        if (error.mayHaveBeenHandled === false) this.#notHandled.push(message);
      },
    );
  }

  #monitor({ runtime, watcher }: TestNode, worker: WorkerRef): void {
    try {
      this.#downs.get(runtime)?.set(runtime.GenServer.monitor(watcher, worker), 0);
    } catch {
      // A life that this node has not heard of yet.
    }
  }

  async #startNode(index: number): Promise<TestNode> {
    this.#clock.advance(1); // a new incarnation has a later time
    const transport = this.#network.transport();
    const runtime = createRuntime({
      clock: transport.clock,
      transport,
      reporter: false,
      observer: false,
      onError: () => undefined,
    });
    await runtime.Cluster.start({
      nodeName: `node${index}`,
      port: FIRST_PORT + index,
      seeds: [0, 1, 2].map((seed) => `node${seed}@127.0.0.1:${FIRST_PORT + seed}`),
      reconnectBaseDelayMs: 10,
    });
    this.#openCalls.set(runtime, 0);
    this.#downs.set(runtime, new Map());
    const address = NodeId.parts(runtime.Cluster.getLocalNodeId());
    return { runtime, address, watcher: await this.#startWatcher(runtime), worker: await this.#startWorker(runtime) };
  }

  #startWorker({ GenServer }: Runtime): Promise<WorkerRef> {
    const handled: string[] = [];
    const note = (message: string): void => {
      handled.push(message);
    };
    return GenServer.start<null, string, string, string>({
      init: (self) => {
        this.#handled.set(`${self.id} of ${self.life}`, handled);
        return null;
      },
      handleCall(message) {
        note(message);
        return [`re: ${message}`, null];
      },
      handleCast(message) {
        note(message);
        return null;
      },
    });
  }

  #startWatcher(runtime: Runtime): Promise<GenServerRef> {
    return runtime.GenServer.start<null, never, never, unknown, ProcessDown>({
      init: () => null,
      handleCall: (_message, state) => [undefined, state],
      handleCast: (_message, state) => state,
      handleInfo: ({ monitor }, state) => {
        const downs = this.#downs.get(runtime);
        downs?.set(monitor, (downs.get(monitor) ?? 0) + 1);
        return state;
      },
    });
  }
}

/** The numbers of one sender only grow: each message is handled once, and none overtakes another. */
function orderViolations(worker: string, messages: readonly string[]): readonly string[] {
  const last = new Map<string, number>();
  return messages.flatMap((message) => {
    const [sender = '', number] = message.split(' ');
    const before = last.get(sender) ?? 0;
    last.set(sender, Number(number));
    return Number(number) > before ? [] : [`${worker} handled ${message} after ${before}`];
  });
}
