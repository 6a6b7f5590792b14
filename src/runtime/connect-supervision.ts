import type { ClusterEngine } from '../cluster/engine.js';
import type { NodeId } from '../cluster/node-id.js';
import type { LeaderClaim } from '../distributed-supervisor/child-host.js';
import {
  createDistributedSupervisor,
  type DistributedSupervisorApi,
} from '../distributed-supervisor/distributed-supervisor.js';
import type { CountedCandidate } from '../distributed-supervisor/host-nodes.js';
import { startHostedChild } from '../distributed-supervisor/start-hosted-child.js';
import { Supervision, type SupervisionPorts } from '../distributed-supervisor/supervision.js';
import { LOCAL_NODE } from '../distributed-supervisor/supervision-protocol.js';
import { MessageRefusedError } from '../errors.js';
import type { RemotePorts } from '../remote/remote-ports.js';
import type { RemoteMessaging } from '../remote/remote-processes.js';
import type { RuntimeCore } from './runtime-core.js';

/**
 * The interval at which the process count of this node counts as a new count, ms. Until then, children placed on this
 * node are added to the count, because their processes may not run yet.
 */
const COUNT_MS = 1000;

interface Supervised {
  readonly supervision: Supervision;
  readonly facade: DistributedSupervisorApi;
}

/** Creates what runs the distributed supervisors of a runtime, and their facade. Connects both with other nodes. */
export function connectSupervision(
  { processes, life, emit }: RuntimeCore,
  { cluster, membership, settings }: ClusterEngine,
  { after, behaviors, bodies, local, now, refusal }: RemotePorts,
  remote: RemoteMessaging,
): Supervised {
  const { globalNames } = remote;
  const copyArgs = (args: unknown): unknown => {
    const { text, isAnnotated } = bodies.encode(args, 'args');
    const body: unknown = JSON.parse(text);
    return isAnnotated ? bodies.decodeAnnotated(body) : body;
  };
  const candidate = (node: string): CountedCandidate => {
    const info = membership.local() === undefined ? undefined : describe(node);
    const isLocal = node === LOCAL_NODE;
    return {
      id: info?.id,
      isLocal,
      roles: info?.roles ?? [],
      metadata: info?.metadata ?? {},
      processCount: isLocal ? processes.size : (info?.processCount ?? 0),
      countedAt: isLocal ? Math.ceil(now() / COUNT_MS) : (info?.lastHeartbeatAt ?? 0),
    };
  };
  const describe = (node: string): ReturnType<typeof cluster.getNode> =>
    node === LOCAL_NODE ? cluster.getLocalNodeInfo() : cluster.getNode(node as NodeId);
  const names: SupervisionPorts['names'] = {
    async claim(name, processId) {
      const claimed = globalNames.claim(name, processId, 'release');
      globalNames.watch(name, processId);
      await claimed;
    },
    release: (name) => globalNames.release(name),
    owners: (name) =>
      globalNames.owners(name).map(({ nodeId = LOCAL_NODE, processId, stamp }): LeaderClaim => {
        const { at, sequence, life: ofOwner } = stamp;
        return { node: nodeId, life: ofOwner, processId, at, sequence };
      }),
  };
  const supervision = new Supervision({
    life,
    nodeId: () => membership.local()?.id,
    peers: remote.nodes.peers,
    candidate,
    random: Math.random,
    now,
    hasEnded: remote.nodes.hasEnded,
    reserveMs: (nodeId) => remote.quorum.reserveMsFor(nodeId),
    hasQuorum: () => remote.quorum.hasQuorum(),
    after,
    emit,
    refusal(from, behavior) {
      // The `accept` function is not called for a leader on this node.
      const why = from === LOCAL_NODE ? undefined : refusal({ from, to: { behavior }, kind: 'start' });
      return why === undefined ? undefined : new MessageRefusedError(membership.local()?.id ?? '', why);
    },
    watch: local.watch,
    kill: local.kill,
    async stop(id, timeoutMs) {
      if (timeoutMs === 0) local.kill(id);
      else await local.stop(id, 'shutdown', timeoutMs);
    },
    names,
    start: ({ key, name }, childId, spec, restarts) => {
      const place = { supervisor: name, childId, restarts };
      return startHostedChild({ behaviors, local, copyArgs }, place, JSON.stringify([key, childId]), spec);
    },
    send: remote.nodes.send,
    request: remote.nodes.request,
    encode: bodies.encode,
  });
  remote.quorum.onChange(() => supervision.quorumChanged());
  globalNames.onChange((changed) => supervision.namesChanged(changed));
  cluster.onStatusChange((status) => {
    if (status === 'running') supervision.started((settings()?.seeds.length ?? 0) > 0);
  });
  const facade = createDistributedSupervisor({
    supervision,
    spawn: (behavior, { strategy, name }) =>
      processes.spawn({
        kind: 'supervisor',
        behavior,
        label: name,
        role: name === undefined ? undefined : { distributedSupervisor: name },
        strategy,
        initTimeout: Number.POSITIVE_INFINITY,
        mailboxLimit: Number.POSITIVE_INFINITY,
      }),
    find: (ref) => processes.find(ref),
    copyArgs,
    random: Math.random,
  });
  return { supervision, facade };
}
