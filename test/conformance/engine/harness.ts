import type { Clock } from '../../../src/clock.js';
import { createCluster } from '../../../src/cluster/cluster.js';
import type { ClusterConfig } from '../../../src/cluster/cluster-config.js';
import type { ClusterEngine, StartNode } from '../../../src/cluster/engine.js';
import type { Peer, Role } from '../../../src/cluster/frames.js';
import type { MembershipChange } from '../../../src/cluster/membership.js';
import { NodeId } from '../../../src/cluster/node-id.js';

/** What the suite needs of an engine under test. */
export interface EngineHarness {
  /** One engine for each node: nodes of one harness meet. */
  engine(): { readonly startNode: StartNode; readonly clock: Clock };
  /** Lets time pass until `check` does not throw any more. */
  eventually(check: () => void): Promise<void>;
  /** Lets a promise settle while time passes. */
  settled<Value>(promise: Promise<Value>): Promise<Value>;
  /** Breaks all connections at once; the engine connects again by itself. */
  breakConnections(): void;
  /** The configuration of a node beside its name. Default: that of a node in a mesh. */
  config?(seeds: readonly NodeId[]): Partial<ClusterConfig>;
  /** The configuration of another node with the id of this one, after it or beside it. Default: that of a node in a mesh. */
  sameId?(node: TestNode, is: 'after' | 'beside'): Partial<ClusterConfig>;
}

/** The configuration of a node in a mesh that has the id of another node. */
function sameIdInMesh({ id }: TestNode, is: 'after' | 'beside'): Partial<ClusterConfig> {
  const { port } = NodeId.parts(id);
  return is === 'after' ? { port } : { advertise: { host: '127.0.0.1', port } };
}

export interface TestNode extends ClusterEngine {
  readonly id: NodeId;
  readonly errors: readonly Error[];
  /** `up nodeB`, `down nodeB graceful_shutdown`, as `onNodeUp` and `onNodeDown` reported them. */
  readonly events: readonly string[];
  readonly changes: readonly MembershipChange[];
  /** `up nodeB`, `down nodeB`, and items as they came, of all channels. */
  readonly channelEvents: readonly unknown[];
}

/** Starts the nodes of one test, and stops them. */
export class TestNodes {
  readonly #harness: EngineHarness;
  readonly #running = new Set<TestNode>();

  constructor(harness: EngineHarness) {
    this.#harness = harness;
  }

  async start(nodeName: string, seeds: readonly TestNode[] = [], options: NodeOptions = {}): Promise<TestNode> {
    const errors: Error[] = [];
    const events: string[] = [];
    const changes: MembershipChange[] = [];
    const channelEvents: unknown[] = [];
    const { role = 'member', life, ...config } = options;
    const engine = createCluster({
      ...this.#harness.engine(),
      role,
      ...(life !== undefined && { life }),
      processCount: () => 4,
      onError: (error) => errors.push(error),
    });
    const { cluster, membership, channels } = engine;
    cluster.onNodeUp((node) => events.push(`up ${nameOf(node)}`));
    cluster.onNodeDown((id, reason) => events.push(`down ${nameOf({ id })} ${reason}`));
    membership.onChange((change) => changes.push(change));
    channels.onUp((peer) => channelEvents.push(`up ${nameOf(peer)}`));
    channels.onDown((peer) => channelEvents.push(`down ${nameOf(peer)}`));
    channels.onItems((_peer, items) => channelEvents.push(...items));
    const ids = seeds.map(({ id }) => id);
    const own = this.#harness.config?.(ids) ?? { port: 0, seeds: ids };
    await this.#harness.settled(cluster.start({ nodeName, reconnectBaseDelayMs: 50, ...own, ...config }));
    const node = { ...engine, id: cluster.getLocalNodeId(), errors, events, changes, channelEvents };
    this.#running.add(node);
    return node;
  }

  /** Starts nodes that are all connected with each other. */
  async startAll(...names: readonly string[]): Promise<readonly TestNode[]> {
    const nodes: TestNode[] = [];
    for (const name of names) nodes.push(await this.start(name, nodes.slice(0, 1)));
    await this.#harness.eventually(() => {
      for (const { cluster } of nodes) {
        if (cluster.getConnectedNodeCount() !== names.length - 1) throw new Error('not all nodes are connected');
      }
    });
    return nodes;
  }

  /** Starts a node with the id of another one. */
  startSame(is: 'after' | 'beside', node: TestNode, seeds: readonly TestNode[], options: NodeOptions = {}) {
    const same = (this.#harness.sameId ?? sameIdInMesh)(node, is);
    return this.start(nameOf(node), seeds, { ...same, ...options });
  }

  async stop(node: TestNode): Promise<void> {
    this.#running.delete(node);
    await this.#harness.settled(node.cluster.stop());
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((node) => this.stop(node)));
  }
}

type NodeOptions = Partial<ClusterConfig> & { readonly role?: Role; readonly life?: string };

export function nameOf({ id }: Pick<Peer, 'id'>): string {
  return NodeId.parts(id).name;
}
