import { VERSION } from '../version.js';
import type { ClusterApi, NodeInfo } from './cluster-api.js';
import { ClusterLifecycle, type ClusterOptions } from './cluster-lifecycle.js';
import type { ClusterEngine, EngineNode, MembershipView } from './engine.js';
import { emptyDescription } from './node-description.js';
import { NodeId } from './node-id.js';

/**
 * Creates the parts of a cluster that are independent of the engine: its methods, the membership, requests and
 * channels. The cluster can be started and stopped repeatedly.
 */
export function createCluster(options: ClusterOptions): ClusterEngine {
  const { clock, processCount } = options;
  const lifecycle = new ClusterLifecycle(options);
  const { rpc, channels, listeners, statusChange } = lifecycle;
  const running = (): EngineNode => lifecycle.running();

  function localInfo(local: EngineNode): NodeInfo {
    const uptimeMs = Math.round(clock.monotonic() - local.startedAt);
    const { host, port } = NodeId.parts(local.id);
    const heartbeat = { processCount: processCount(), lastHeartbeatAt: clock.now(), uptimeMs };
    const { roles, metadata } = lifecycle.settings?.description ?? emptyDescription;
    const described = { ...heartbeat, roles, metadata, version: VERSION };
    return Object.freeze({ id: local.id, host, port, status: 'connected', ...described });
  }

  function others(): readonly NodeInfo[] {
    const known = running()
      .members()
      .map((member) => lifecycle.infoOf(member));
    return known.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  function connected(): readonly NodeInfo[] {
    return others().filter(({ status }) => status === 'connected');
  }

  const cluster: ClusterApi = {
    start: (config) => lifecycle.start(config),
    stop: () => lifecycle.stop(),
    getStatus: () => lifecycle.status,
    getLocalNodeId: () => running().id,
    getLocalNodeInfo: () => localInfo(running()),
    getNodes: others,
    getConnectedNodes: connected,
    getNodeIds: () => others().map(({ id }) => id),
    getNode(id) {
      const local = running();
      if (id === local.id) return localInfo(local);
      const member = local.member(id);
      return member === undefined ? undefined : lifecycle.infoOf(member);
    },
    isNodeConnected: (id) => running().id === id || running().isConnected(id),
    getConnectedNodeCount: () => connected().length,
    getUptimeMs: () => localInfo(running()).uptimeMs,
    onNodeUp: (handler) => listeners.nodeUp.add(handler),
    onNodeDown: (handler) => listeners.nodeDown.add(handler),
    onStatusChange: (handler) => statusChange.add(handler),
  };
  const membership: MembershipView = {
    local: () => lifecycle.node && { id: lifecycle.node.id, incarnation: lifecycle.node.incarnation },
    members: () => lifecycle.node?.members() ?? [],
    onChange: (handler) => listeners.membershipChange.add(handler),
    onPeerGone: (handler) => listeners.peerGone.add(handler),
  };
  return { cluster, membership, rpc, channels, links: () => lifecycle.links, settings: () => lifecycle.settings };
}
