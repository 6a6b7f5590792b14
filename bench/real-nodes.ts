import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { inSlices, startCounters, touch } from './counter.js';
import { linked } from './linked.js';
import { duration, type Round } from './measure.js';
import { createRuntime, type Runtime } from './noex.js';
import { WireMeter } from './wire-meter.js';

/** A cluster of real processes on loopback. This process is one of its nodes, and the one that reads. */
export class RealNodes {
  readonly #meter: WireMeter;
  readonly #others: readonly ChildProcess[];
  readonly #processes: number;
  #reader: Reader;
  /** Received by each read since the last {@link RealNodes.takeBytes}. */
  #bytes: number[] = [];

  /** `own` and `others`: how many processes this node has, and each of the others. */
  static async start(own: number, others: readonly number[]): Promise<RealNodes> {
    // Before there is any socket that it could miss.
    const meter = new WireMeter();
    const reader = await Reader.start(own, []);
    const children = others.map((processes, at) => startNode(`node${at}`, processes, reader.id));
    await Promise.all(children.map((child) => once(child, 'message')));
    await linked(reader.runtime.Cluster, children.length);
    return new RealNodes(meter, reader, children, own + others.reduce((sum, count) => sum + count, 0));
  }

  private constructor(meter: WireMeter, reader: Reader, others: readonly ChildProcess[], processes: number) {
    this.#meter = meter;
    this.#reader = reader;
    this.#others = others;
    this.#processes = processes;
  }

  /** What this process sees of all nodes. */
  get observer(): Runtime['ClusterObserver'] {
    return this.#reader.runtime.ClusterObserver;
  }

  /** Reads all nodes, so many times a round. */
  poll(times: number, prepare?: () => Promise<void>): Round {
    return duration(times, () => this.#read(), prepare);
  }

  /** Makes so many processes of each node handle a message. */
  async touch(count: number): Promise<void> {
    const touched = this.#others.map((child) => once(child, 'message'));
    for (const child of this.#others) child.send(count);
    await Promise.all([this.#reader.touch(count), ...touched]);
  }

  /** Puts in the place of the reading node a new one, which knows nothing yet of the others. */
  async replaceReader(): Promise<void> {
    const old = this.#reader;
    const seeds = old.runtime.Cluster.getNodes().map(({ id }) => id);
    await old.runtime.shutdown();
    this.#reader = await Reader.start(old.processes, seeds);
    await linked(this.#reader.runtime.Cluster, this.#others.length);
  }

  /** Received by each of the last reads. */
  takeBytes(): readonly number[] {
    const bytes = this.#bytes;
    this.#bytes = [];
    return bytes;
  }

  async stop(): Promise<void> {
    const ended = this.#others.map((child) => once(child, 'exit'));
    for (const child of this.#others) child.disconnect();
    await Promise.all(ended);
    await this.#reader.runtime.shutdown();
  }

  async #read(): Promise<void> {
    const before = this.#meter.bytesReceived;
    const snapshot = await this.#reader.runtime.ClusterObserver.getClusterSnapshot({ useCache: false });
    this.#bytes.push(this.#meter.bytesReceived - before);
    const { totalProcessCount } = snapshot.aggregated;
    if (totalProcessCount === this.#processes) return;
    const problems = snapshot.nodes.flatMap(({ nodeId, error }) => (error === undefined ? [] : `${nodeId}: ${error}`));
    throw new Error(`${totalProcessCount} processes of ${this.#processes} were seen; ${problems.join(', ')}`);
  }
}

/** The node that lives in this process. */
class Reader {
  readonly runtime: Runtime;
  readonly processes: number;
  readonly touch: (count: number) => Promise<void>;

  static async start(processes: number, seeds: readonly string[]): Promise<Reader> {
    const runtime = createRuntime();
    const next = inSlices(await startCounters(runtime, processes));
    await runtime.Cluster.start({ nodeName: 'reader', port: 0, seeds });
    return new Reader(runtime, processes, (count) => touch(runtime, next(count)));
  }

  private constructor(runtime: Runtime, processes: number, touchNext: Reader['touch']) {
    this.runtime = runtime;
    this.processes = processes;
    this.touch = touchNext;
  }

  get id(): string {
    return this.runtime.Cluster.getLocalNodeId();
  }
}

function startNode(name: string, processes: number, seed: string): ChildProcess {
  return fork(new URL('./node.ts', import.meta.url), [name, String(processes), seed], {
    stdio: ['ignore', 2, 2, 'ipc'],
  });
}
