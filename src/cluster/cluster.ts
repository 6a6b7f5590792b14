import type { Clock } from '../clock.js';
import { ClusterAlreadyStartedError, ClusterNotStartedError } from '../errors.js';
import { VERSION } from '../version.js';
import { type ClusterConfig, type ClusterSettings, readClusterConfig } from './cluster-config.js';
import type { Peer, Role } from './frames.js';
import { Listeners } from './listeners.js';
import type { Member, MembershipChange, NodeDownReason, NodeStatus } from './membership.js';
import type { LinkEnd } from './mesh/link-end.js';
import { LocalNode } from './mesh/local-node.js';
import type { KnownMember } from './mesh/member-states.js';
import { NodeId } from './node-id.js';
import { type Rpc, RpcEndpoint } from './rpc.js';
import type { Transport } from './transport/transport.js';

export type ClusterStatus = 'starting' | 'running' | 'stopping' | 'stopped';

/** A node as a member of the cluster sees it. */
export interface NodeInfo {
  readonly id: NodeId;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly status: NodeStatus;
  /** As of its last heartbeat. */
  readonly processCount: number;
  /** ms since the epoch; `null` while there was none yet. */
  readonly lastHeartbeatAt: number | null;
  /** ms, as of its last heartbeat. */
  readonly uptimeMs: number;
  /** The version of the library that it runs, while it is connected. */
  readonly version?: string;
}

/** This node's membership of a cluster. All but `start`, `stop`, `getStatus` and `on...` throw when it is not running. */
export interface ClusterApi {
  /**
   * Resolves when this node listens. Seeds that do not answer are tried until they do.
   * Rejects with `InvalidClusterConfigError`, `ClusterAlreadyStartedError`, `ListenError`.
   */
  start(config: ClusterConfig): Promise<void>;
  /** Leaves the cluster. Resolves when the port is free and all connections are closed. A second call is harmless. */
  stop(): Promise<void>;
  getStatus(): ClusterStatus;
  getLocalNodeId(): NodeId;
  getLocalNodeInfo(): NodeInfo;
  /** The others, in whatever status, by id. */
  getNodes(): readonly NodeInfo[];
  getConnectedNodes(): readonly NodeInfo[];
  /** The ids of {@link ClusterApi.getNodes}. */
  getNodeIds(): readonly NodeId[];
  /** Also answers for the local node. */
  getNode(id: NodeId): NodeInfo | undefined;
  /** The local node is always connected. */
  isNodeConnected(id: NodeId): boolean;
  /** How many others are connected. */
  getConnectedNodeCount(): number;
  /** ms since the start. */
  getUptimeMs(): number;
  /** There is a link with this node now. Returns what ends the subscription, as do the two below. */
  onNodeUp(handler: (node: NodeInfo) => void): () => void;
  /** The link with a node that was up is gone. Not called for this node's own stop. */
  onNodeDown(handler: (nodeId: NodeId, reason: NodeDownReason) => void): () => void;
  onStatusChange(handler: (status: ClusterStatus) => void): () => void;
}

export interface ClusterOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  /** The number of processes here; sent with every heartbeat. */
  readonly processCount: () => number;
  /** Receives errors that are not returned to a caller: refusals, protocol violations, handlers that throw. */
  readonly onError: (error: Error) => void;
  /** An `observer` looks on at the cluster without being a member. Default `member`. */
  readonly role?: Role;
  /** None of the addresses of a seed led to a node. They are dialled again. */
  readonly onSeedFailed?: (seed: string, end: LinkEnd) => void;
  /** From 0 up to 1; spreads delays. Default `Math.random`. */
  readonly random?: () => number;
}

/** The membership as the observer reads it. */
export interface MembershipView {
  /** This node, while the cluster runs. */
  local(): Peer | undefined;
  /** All that is known of the others; none while the cluster does not run. */
  members(): readonly Member[];
  /**
   * Every change, in order; {@link MembershipView.members} shows it already. When this node stops, all the others go
   * down and leave.
   */
  onChange(handler: (change: MembershipChange) => void): () => void;
  /**
   * The link with a peer that may have asked this node something is over: of a member that went down or was linked again,
   * or of an observer.
   */
  onPeerGone(handler: (id: NodeId) => void): () => void;
}

/** A cluster membership that can be started and stopped again and again, and the questions between its nodes. */
export function createCluster(options: ClusterOptions): {
  readonly cluster: ClusterApi;
  readonly membership: MembershipView;
  readonly rpc: Rpc;
} {
  const { clock, onError } = options;
  let node: LocalNode | undefined;
  let lastIncarnation = 0;

  const rpc = new RpcEndpoint({
    clock,
    onError,
    links: () => {
      const running = node;
      if (running === undefined) return undefined;
      return {
        isMember: (id) => running.member(id) !== undefined,
        send: (to, text) => running.sendEncoded(to, text),
        backlog: (id) => running.backlog(id),
        hasRoom: (id) => running.hasRoom(id),
      };
    },
  });
  const statusChange = new Listeners<[ClusterStatus]>(onError);
  const { announce, membershipChange, nodeDown, nodeUp, peerGone } = createMembershipListeners(
    onError,
    () => status === 'stopping',
  );

  let status: ClusterStatus = 'stopped';
  let starting: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | undefined;

  function become(next: ClusterStatus): void {
    status = next;
    statusChange.emit(next);
  }

  async function start(config: ClusterConfig): Promise<void> {
    if (status !== 'stopped') throw new ClusterAlreadyStartedError(status);
    const settings = readClusterConfig(config, options.role);
    // Under way before anybody hears of it, so that a stop() in a status handler finds something to wait for.
    starting = launch(settings);
    become('starting');
    await starting;
  }

  async function launch(settings: ClusterSettings): Promise<void> {
    lastIncarnation = Math.max(clock.now(), lastIncarnation + 1);
    try {
      node = await LocalNode.start({
        ...options,
        role: options.role ?? 'member',
        random: options.random ?? Math.random,
        settings,
        incarnation: lastIncarnation,
        onChange: (change) => {
          if (change.type === 'down' || change.type === 'relinked') rpc.linkEnded(change.id);
          const member = node?.member(change.id);
          announce({ change, info: member === undefined ? undefined : describe(member) });
        },
        onRpc: (from, frame) => rpc.receive(from, frame),
        isPublic: (method) => rpc.isPublic(method),
        onObserverGone: (id) => peerGone.emit(id),
        onSeedFailed: (seed, end) => options.onSeedFailed?.(seed, end),
      });
    } catch (error) {
      become('stopped');
      throw error;
    }
    become('running');
  }

  async function stop(): Promise<void> {
    await starting.catch(() => undefined); // start() rejects with this error
    const stopped = node;
    if (stopped === undefined) return;
    become('stopping');
    node = undefined;
    rpc.stop();
    await stopped.stop();
    become('stopped');
  }

  function running(): LocalNode {
    if (node === undefined || status !== 'running') throw new ClusterNotStartedError();
    return node;
  }

  function localInfo(local: LocalNode): NodeInfo {
    const uptimeMs = Math.round(clock.monotonic() - local.startedAt);
    const { host, port } = NodeId.parts(local.id);
    const processCount = options.processCount();
    const heartbeat = { processCount, lastHeartbeatAt: clock.now(), uptimeMs };
    return Object.freeze({ id: local.id, host, port, status: 'connected', ...heartbeat, version: VERSION });
  }

  function others(): readonly NodeInfo[] {
    return running()
      .members()
      .map(describe)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  function connected(): readonly NodeInfo[] {
    return others().filter((other) => other.status === 'connected');
  }

  const cluster: ClusterApi = {
    start,
    stop() {
      stopping ??= stop().finally(() => {
        stopping = undefined;
      });
      return stopping;
    },
    getStatus: () => status,
    getLocalNodeId: () => running().id,
    getLocalNodeInfo: () => localInfo(running()),
    getNodes: others,
    getConnectedNodes: connected,
    getNodeIds: () => others().map(({ id }) => id),
    getNode(id) {
      const local = running();
      if (id === local.id) return localInfo(local);
      const member = local.member(id);
      return member === undefined ? undefined : describe(member);
    },
    isNodeConnected: (id) => running().id === id || running().isConnected(id),
    getConnectedNodeCount: () => connected().length,
    getUptimeMs: () => localInfo(running()).uptimeMs,
    onNodeUp: (handler) => nodeUp.add(handler),
    onNodeDown: (handler) => nodeDown.add(handler),
    onStatusChange: (handler) => statusChange.add(handler),
  };
  const view: MembershipView = {
    local: () => node && { id: node.id, incarnation: node.incarnation },
    members: () => node?.members() ?? [],
    onChange: (handler) => membershipChange.add(handler),
    onPeerGone: (handler) => peerGone.add(handler),
  };
  return { cluster, membership: view, rpc };
}

function describe({ id, status, processCount, lastHeardAt, uptimeMs, version }: KnownMember): NodeInfo {
  const { host, port } = NodeId.parts(id);
  const info = { id, host, port, status, processCount, lastHeartbeatAt: lastHeardAt, uptimeMs };
  return Object.freeze(version === undefined ? info : { ...info, version });
}

/** The listeners of the membership. `announce` emits one change to all of them, after the changes before it. */
function createMembershipListeners(onError: (error: Error) => void, isStopping: () => boolean) {
  const nodeUp = new Listeners<[NodeInfo]>(onError);
  const nodeDown = new Listeners<[NodeId, NodeDownReason]>(onError);
  const membershipChange = new Listeners<[MembershipChange]>(onError);
  const peerGone = new Listeners<[NodeId]>(onError);
  const announce = inOrder(({ change, info }: { change: MembershipChange; info: NodeInfo | undefined }) => {
    // Requests over the old link are forgotten before listeners send requests over the new one.
    if (change.type === 'relinked') peerGone.emit(change.id);
    membershipChange.emit(change);
    if (change.type === 'up' && info !== undefined) nodeUp.emit(info);
    if (change.type === 'down') peerGone.emit(change.id);
    if (change.type === 'down' && !isStopping()) nodeDown.emit(change.id, change.reason);
  });
  return { announce, membershipChange, nodeDown, nodeUp, peerGone };
}

/** Calls `deliver` for one item after the other, so that changes a listener causes are delivered after the current one. */
function inOrder<T>(deliver: (item: T) => void): (item: T) => void {
  const queue: T[] = [];
  let isDelivering = false;
  return (item) => {
    queue.push(item);
    if (isDelivering) return;
    isDelivering = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) deliver(next);
    } finally {
      isDelivering = false;
    }
  };
}
