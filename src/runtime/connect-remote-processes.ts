import type { ClusterSettings } from '../cluster/cluster-config.js';
import type { ClusterEngine } from '../cluster/engine.js';
import type { Messenger } from '../process/messenger.js';
import type { QuorumSettings } from '../remote/quorum.js';
import type { SupervisionPort } from '../remote/remote-channel.js';
import type { RemotePorts } from '../remote/remote-ports.js';
import { createRemoteProcesses, type RemoteMessaging } from '../remote/remote-processes.js';
import type { RuntimeCore } from './runtime-core.js';

/** The minimum time limit for the answers of all nodes when a global name is registered, ms. */
const MIN_CLAIM_TIMEOUT_MS = 10_000;

/** Connects the processes of this runtime with the processes of linked nodes, so that they can exchange messages. */
export function connectProcesses(
  { processes, scheduler, clock, life, emit, onError }: RuntimeCore,
  { cluster, channels, membership, settings }: ClusterEngine,
  ports: RemotePorts,
  messenger: () => Messenger,
  supervision: () => SupervisionPort,
): RemoteMessaging {
  const remote = createRemoteProcesses({
    ...ports,
    life,
    call: (ref, message, options) => messenger().call(ref, message, options),
    cast: (ref, message) => messenger().send('cast', ref, message),
    running: (ref) => processes.running(ref).id,
    random: Math.random,
    wallClock: () => clock.now(),
    claimTimeoutMs: () => Math.max(MIN_CLAIM_TIMEOUT_MS, detectionMs(settings()) + 2000),
    emit,
    channels,
    membership,
    supervision,
    requestFlush: () => scheduler.touch(),
    onError,
  });
  scheduler.onEndOfTurn(remote.flush);
  cluster.onStatusChange((status) => {
    if (status === 'running') remote.quorum.start(quorumSettings(settings()));
    if (status !== 'stopping') return;
    remote.quorum.stop();
    // The channels are still open: sends the messages that wait, and the items of `quorum.stop`.
    remote.flush();
  });
  return remote;
}

/** Returns the settings of the quorum; `undefined` if the cluster runs without `minNodes`. */
function quorumSettings(settings: ClusterSettings | undefined): QuorumSettings | undefined {
  if (settings?.minNodes === undefined) return undefined;
  return {
    minNodes: settings.minNodes,
    windowMs: detectionMs(settings),
    intervalMs: settings.detector.intervalMs,
  };
}

/** Returns the maximum time until the failure detector reports a lost node, ms; 0 before the first `Cluster.start`. */
function detectionMs(settings: ClusterSettings | undefined): number {
  if (settings === undefined) return 0;
  const { intervalMs, missThreshold } = settings.detector;
  return intervalMs * (missThreshold + 1);
}
