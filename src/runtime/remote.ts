import type { ClusterEngine } from '../cluster/engine.js';
import { decodeAnnotated, encodeMessage } from '../cluster/message-body.js';
import { InvalidArgumentError } from '../errors.js';
import { localProcesses } from '../process/local-processes.js';
import type { RemoteProcesses } from '../process/remote-processes.js';
import { createRemoteProcesses } from '../remote/remote-node.js';
import type { RemotePorts } from '../remote/remote-ports.js';
import type { RuntimeCore } from './runtime-core.js';

/** Messages between the processes of this runtime and those of the nodes that it is linked with. */
export function connectProcesses(
  { processes, scheduler, clock, onError }: RuntimeCore,
  { cluster, channels, membership, settings }: ClusterEngine,
  behaviors: RemotePorts['behaviors'],
): RemoteProcesses {
  const refusal: RemotePorts['refusal'] = (message) => {
    const accept = settings()?.accept;
    if (accept === undefined) return undefined;
    try {
      const isAccepted: unknown = accept(message);
      if (typeof isAccepted === 'boolean') return isAccepted ? undefined : 'its accept function does not allow it';
      // A promise of `false` must not accept everything, nor its rejection end the program.
      Promise.resolve(isAccepted).catch(onError);
      throw new InvalidArgumentError('accept', 'a function that returns true or false', isAccepted);
    } catch (thrown) {
      onError(thrown);
      return 'its accept function failed';
    }
  };
  const remote = createRemoteProcesses({
    local: localProcesses(processes),
    bodies: { encode: encodeMessage, decodeAnnotated },
    behaviors,
    after(ms, action) {
      if (ms === Number.POSITIVE_INFINITY) return () => undefined;
      const timer = clock.setTimeout(action, ms);
      return () => clock.clearTimeout(timer);
    },
    now: () => clock.monotonic(),
    refusal,
    channels,
    membership,
    requestFlush: () => scheduler.touch(),
    onError,
  });
  scheduler.onEndOfTurn(remote.flush);
  // What was sent before the cluster stops still goes out.
  cluster.onStatusChange((status) => {
    if (status === 'stopping') remote.flush();
  });
  return remote.processes;
}
