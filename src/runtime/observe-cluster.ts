import type { NodeLink } from '../../streams/node-links.js';
import { schedulerOf } from '../../streams/rx-scheduler.js';
import type { ClusterEngine } from '../cluster/engine.js';
import type { NodeId } from '../cluster/node-id.js';
import { createClusterObserver } from '../observer/cluster-observer.js';
import type { ClusterObserverApi } from '../observer/cluster-observer-api.js';
import { createLogPublisher } from '../observer/log-publisher.js';
import type { LocalObserver } from '../observer/observer.js';
import { LINKS } from '../observer/protocol.js';
import { createPublisher } from '../observer/publisher.js';
import { jsonReportRpc } from './json-report-rpc.js';
import type { RuntimeCore } from './runtime-core.js';

/** Publishes the state and the log of this node to other nodes, and makes the ClusterObserver of this node. */
export function observeCluster(
  { clock, onError }: RuntimeCore,
  local: LocalObserver | undefined,
  { cluster, membership, rpc }: ClusterEngine,
): ClusterObserverApi<NodeId> {
  const bodies = jsonReportRpc(rpc);
  const links = (): readonly NodeLink[] =>
    cluster.getNodes().flatMap(({ id, link }) => (link === undefined ? [] : [{ nodeId: id, ...link }]));
  rpc.handle(LINKS, links, 'public');
  const shared = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    scheduler: schedulerOf(clock),
    local,
    request: rpc.request.bind(rpc),
    links,
    hasRoom: rpc.hasRoom.bind(rpc),
    notify: bodies.notify,
    onNotify: rpc.onNotify.bind(rpc),
  };
  const publishing = {
    ...shared,
    incarnation: () => membership.local()?.incarnation ?? 0,
    handle: (method: string, answer: (body: unknown, from: NodeId) => unknown) =>
      void bodies.handle(method, answer, 'public'),
  };
  const publisher = createPublisher<NodeId>(publishing);
  const forgetLogReader = createLogPublisher<NodeId>(publishing);
  membership.onPeerGone((id) => {
    publisher.forget(id);
    forgetLogReader(id);
  });
  return createClusterObserver<NodeId>({
    ...shared,
    role: 'member',
    conflations: publisher.conflations,
    localNode: membership.local,
    members: membership.members,
    changes: { subscribe: membership.onChange },
    stopped: { subscribe: (listener) => cluster.onStatusChange((status) => status === 'stopping' && listener(status)) },
    onError,
  });
}
