import type { TerminationReason } from '../process/gen-server-types.js';
import type { LocalProcesses } from '../process/local-processes.js';
import type { HostedPlace } from '../process/process-location.js';
import type { RemotePorts } from '../remote/remote-ports.js';
import type { HostPorts } from './child-host.js';
import type { SentChildSpec } from './supervision-protocol.js';

interface Parts {
  readonly local: LocalProcesses;
  readonly behaviors: RemotePorts['behaviors'];
  /** Copies the args: the factory may change them, and the spec is used again for a restart. */
  copyArgs(args: unknown): unknown;
}

/** Starts the process of a child of a distributed supervisor on this node. */
export function startHostedChild(
  { local, behaviors, copyArgs }: Parts,
  place: HostedPlace,
  childKey: string,
  { behavior: name, args, name: globalName, initTimeout }: SentChildSpec,
): ReturnType<HostPorts['start']> {
  let isAborted = false;
  let processId: string | undefined;
  let exitReason: TerminationReason | undefined;
  const check = (): void => {
    if (isAborted) throw new Error('the leader of its supervisor has changed');
  };
  const start = async (): Promise<string> => {
    const behavior = await behaviors.make(name, copyArgs(args));
    check();
    const options = {
      ...(globalName === undefined ? { label: name } : { name: globalName, registration: 'global' as const }),
      initTimeout: initTimeout ?? Number.POSITIVE_INFINITY,
    };
    const { id } = await local.start(behavior, options, {
      check,
      place,
      childKey,
      onSpawn(ref) {
        processId = ref.id;
        local.watch(ref.id, (reason) => {
          exitReason = reason;
        });
      },
    });
    return id;
  };
  return {
    started: start(),
    exitReason: () => exitReason,
    abort() {
      isAborted = true;
      if (processId !== undefined) local.kill(processId);
    },
  };
}
