import type { TerminationReason } from '../process/gen-server-types.js';
import type { LocalProcesses } from '../process/local-processes.js';
import type { HostedPlace } from '../process/process-location.js';
import type { RemotePorts } from '../remote/remote-ports.js';
import { startBehavior } from '../remote/start-behavior.js';
import type { HostPorts } from './child-host.js';
import type { SentChildSpec } from './supervision-protocol.js';

interface Parts {
  readonly local: LocalProcesses;
  readonly behaviors: RemotePorts['behaviors'];
  /** Copies the args: the factory may change them, and the spec is used again for a restart. */
  copyArgs(args: unknown): unknown;
}

/**
 * Starts the process of a child of a distributed supervisor on this node.
 *
 * @param childKey identifies the child in the cluster
 */
export function startHostedChild(
  { local, behaviors, copyArgs }: Parts,
  place: HostedPlace,
  childKey: string,
  { behavior, args, name, initTimeout }: SentChildSpec,
): ReturnType<HostPorts['start']> {
  let exitReason: TerminationReason | undefined;
  const { started, abort } = startBehavior(
    { behaviors, local },
    {
      behavior,
      args: copyArgs(args),
      options: {
        ...(name === undefined ? { label: behavior } : { name, registration: 'global' as const }),
        initTimeout: initTimeout ?? Number.POSITIVE_INFINITY,
      },
      place,
      childKey,
      onSpawn(ref) {
        local.watch(ref.id, (reason) => {
          exitReason = reason;
        });
      },
    },
  );
  return { started: started.then(({ id }) => id), exitReason: () => exitReason, abort };
}
