import { createCluster } from '../../src/cluster/cluster.js';
import type { ClusterApi } from '../../src/cluster/cluster-api.js';
import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import { mesh } from '../../src/cluster/mesh/start-mesh.js';
import { NodeId } from '../../src/cluster/node-id.js';
import type { Rpc } from '../../src/cluster/rpc.js';
import { MemoryNetwork } from '../../src/cluster/transport/memory-transport.js';
import type { Address } from '../../src/cluster/transport/transport.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { Runtime, RuntimeOptions } from '../../src/runtime/runtime-options.js';
import { turn } from './event-loop.js';
import { counter } from './servers.js';
import { CountingClock } from './test-runtime.js';

/** How far time moves at once, ms: less than anything that a test looks at. */
const STEP_MS = 10;

export interface ObservedNode extends Runtime {
  readonly id: NodeId;
  readonly address: Address;
  /** Errors that no caller received. */
  readonly errors: readonly unknown[];
}

/** A node that speaks for itself: the cluster without a runtime, for tests that play the other side. */
export interface BareNode {
  readonly id: NodeId;
  readonly cluster: ClusterApi;
  readonly rpc: Rpc;
}

/** Whole runtimes on one simulated clock and network. */
export class ObservedCluster {
  readonly clock = new CountingClock();
  readonly network: MemoryNetwork;
  #ports = 4369;

  /** @param latencyMs how long a message takes */
  constructor(latencyMs = 1) {
    this.network = new MemoryNetwork({ clock: this.clock, latencyMs });
  }

  /** A node with a supervisor and three workers of ten messages each, joined through the first one started. */
  async start(name: string, options: RuntimeOptions = {}, config: Partial<ClusterConfig> = {}): Promise<ObservedNode> {
    const transport = this.network.transport();
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const runtime = createRuntime({ clock: transport.clock, transport, reporter: false, onError, ...options });
    const { Cluster, GenServer, Supervisor } = runtime;
    await Cluster.start({ ...this.#config(name), ...config });
    const children = ['w1', 'w2', 'w3'].map((id) => ({ id, start: () => GenServer.start(counter, { name: id }) }));
    const workers = await Supervisor.start({ children });
    for (const { ref } of Supervisor.getChildren(workers)) {
      if (ref === undefined) throw new Error('a worker did not start');
      for (let i = 0; i < 9; i += 1) GenServer.cast(ref, 'inc');
      await GenServer.call(ref, 'get');
    }
    const id = Cluster.getLocalNodeId();
    return { ...runtime, id, address: NodeId.parts(id), errors };
  }

  async startBare(name: string): Promise<BareNode> {
    const transport = this.network.transport();
    const { cluster, rpc } = createCluster({
      clock: transport.clock,
      startNode: mesh({ transport }),
      processCount: () => 0,
      onError: (error) => {
        throw error;
      },
    });
    await cluster.start(this.#config(name));
    return { id: cluster.getLocalNodeId(), cluster, rpc };
  }

  /** Moves time on, letting promises and event loops keep up. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, ms - passed));
      await turn();
    }
  }

  /** Moves time on until `promise` is settled. */
  async settle<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (let steps = 0; !isSettled; steps += 1) {
      if (steps > 10_000) throw new Error('it was not settled within 100 simulated seconds');
      await this.run(STEP_MS);
    }
    return promise;
  }

  #config(name: string): { nodeName: string; port: number; seeds: readonly string[] } {
    const port = this.#ports;
    this.#ports += 1;
    return { nodeName: name, port, seeds: port === 4369 ? [] : ['nodeA@127.0.0.1:4369'] };
  }
}

/** A cluster of three nodes that are linked with each other, over links on which a message takes `latencyMs`. */
export async function threeNodes(
  latencyMs?: number,
): Promise<readonly [ObservedCluster, ObservedNode, ObservedNode, ObservedNode]> {
  const runtime = new ObservedCluster(latencyMs);
  const a = await runtime.start('nodeA');
  const b = await runtime.start('nodeB');
  const c = await runtime.start('nodeC');
  await runtime.run(3000);
  return [runtime, a, b, c];
}
