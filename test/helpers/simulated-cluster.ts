import { SimulatedClock } from '../../src/clock.js';
import type { Channels } from '../../src/cluster/channels.js';
import { createCluster } from '../../src/cluster/cluster.js';
import type { ClusterApi } from '../../src/cluster/cluster-api.js';
import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import type { MembershipView } from '../../src/cluster/engine.js';
import type { Role } from '../../src/cluster/frames.js';
import type { MembershipChange, NodeDownReason } from '../../src/cluster/membership.js';
import { mesh } from '../../src/cluster/mesh/start-mesh.js';
import { NodeId } from '../../src/cluster/node-id.js';
import type { Rpc } from '../../src/cluster/rpc.js';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../src/cluster/transport/memory-transport.js';
import type { Address } from '../../src/cluster/transport/transport.js';
import { seededRandom } from './seeded-random.js';

/** One node of a {@link SimulatedCluster}, and all that it reported. */
export interface SimulatedNode {
  readonly id: NodeId;
  readonly address: Address;
  readonly cluster: ClusterApi;
  readonly rpc: Rpc;
  readonly membership: MembershipView;
  readonly channels: Channels;
  readonly errors: Error[];
  readonly changes: MembershipChange[];
  /** `up nodeB`, `down nodeB heartbeat_timeout` ... as `onNodeUp` and `onNodeDown` reported them. */
  readonly events: string[];
}

/** Any number of nodes in one process, on one simulated clock, started as people start real ones. */
export class SimulatedCluster {
  readonly clock = new SimulatedClock();
  readonly network: MemoryNetwork;
  /** A fixed sequence in [0, 1): two runs of a test are the same run. */
  readonly random: () => number;

  /** @param Network the class of its network */
  constructor(
    seed = 1,
    network: Partial<MemoryNetworkOptions> = {},
    Network: new (options: MemoryNetworkOptions) => MemoryNetwork = MemoryNetwork,
  ) {
    this.random = seededRandom(seed);
    this.network = new Network({ clock: this.clock, random: this.random, ...network });
  }

  /** Starts a node called `name` at 127.0.0.1:`port`; `seeds` are nodes, or texts. */
  async start(
    name: string,
    port: number,
    seeds: readonly (SimulatedNode | string)[] = [],
    config: Partial<ClusterConfig> = {},
  ): Promise<SimulatedNode> {
    const node = this.create();
    await node.cluster.start({
      nodeName: name,
      port,
      seeds: seeds.map((seed) => (typeof seed === 'string' ? seed : seed.id)),
      ...config,
    });
    const id = node.cluster.getLocalNodeId();
    return { ...node, id, address: NodeId.parts(id) };
  }

  /**
   * A node that is not started.
   *
   * @param at an address by which the network knows the process, though the node listens on none
   */
  create(role: Role = 'member', at?: Address): Omit<SimulatedNode, 'id' | 'address'> {
    const transport = this.network.transport();
    if (at !== undefined) void transport.listen(at, (connection) => connection.terminate());
    const errors: Error[] = [];
    const changes: MembershipChange[] = [];
    const events: string[] = [];
    const { cluster, membership, rpc, channels } = createCluster({
      clock: transport.clock,
      startNode: mesh({ transport, random: this.random }),
      role,
      processCount: () => 4,
      onError: (error) => errors.push(error),
    });
    cluster.onNodeUp((node) => events.push(`up ${NodeId.parts(node.id).name}`));
    cluster.onNodeDown((id: NodeId, reason: NodeDownReason) => events.push(`down ${NodeId.parts(id).name} ${reason}`));
    membership.onChange((change) => changes.push(change));
    return { cluster, rpc, membership, channels, errors, changes, events };
  }

  /** Moves time on. */
  run(ms: number): void {
    this.clock.advance(ms);
  }

  /** Stops a node; its goodbyes take simulated time. */
  async stop(node: Pick<SimulatedNode, 'cluster'>): Promise<void> {
    const stopped = node.cluster.stop();
    await Promise.resolve();
    await Promise.resolve();
    this.run(2000);
    await stopped;
  }
}

/** `nodeB connected, nodeC disconnected`: what a node sees of the others. */
export function viewOf(node: Pick<SimulatedNode, 'cluster'>): string {
  return node.cluster
    .getNodes()
    .map(({ id, status }) => `${NodeId.parts(id).name} ${status}`)
    .join(', ');
}
