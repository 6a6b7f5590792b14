import type { ClusterEngine } from '../cluster/engine.js';
import { decodeAnnotated, encodeMessage } from '../cluster/message-body.js';
import { InvalidArgumentError } from '../errors.js';
import { localProcesses } from '../process/local-processes.js';
import type { GlobalNameClaims } from '../process/remote-processes.js';
import type { RemotePorts } from '../remote/remote-ports.js';
import type { RuntimeCore } from './runtime-core.js';

/** Creates the ports through which the messaging between nodes, and distributed supervisors, use the runtime. */
export function createRemotePorts(
  { processes, clock, onError }: RuntimeCore,
  { settings }: ClusterEngine,
  behaviors: RemotePorts['behaviors'],
  globalNames: () => GlobalNameClaims,
): RemotePorts {
  return {
    local: localProcesses(processes, globalNames),
    bodies: { encode: encodeMessage, decodeAnnotated },
    behaviors,
    after(ms, action) {
      if (ms === Number.POSITIVE_INFINITY) return () => undefined;
      const timer = clock.setTimeout(action, ms);
      return () => clock.clearTimeout(timer);
    },
    now: () => clock.monotonic(),
    refusal(message) {
      const accept = settings()?.accept;
      if (accept === undefined) return undefined;
      try {
        const isAccepted: unknown = accept(message);
        if (typeof isAccepted === 'boolean') return isAccepted ? undefined : 'its accept function does not allow it';
        // An async `accept` is an error: its promise is truthy, and would accept every message. A rejection of that
        // promise must not end the program.
        Promise.resolve(isAccepted).catch(onError);
        throw new InvalidArgumentError('accept', 'a function that returns true or false', isAccepted);
      } catch (thrown) {
        onError(thrown);
        return 'its accept function failed';
      }
    },
  };
}
