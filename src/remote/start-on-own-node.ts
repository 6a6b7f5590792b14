import { NodeTimeoutError } from '../errors.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { RemoteStartOptions } from '../process/remote-processes.js';
import type { RemotePorts } from './remote-ports.js';
import { startBehavior } from './start-behavior.js';

/**
 * Handles a `startRemote` that targets this node. Rejects with NodeTimeoutError after `timeoutMs`, and then aborts the
 * start. Otherwise rejects as {@link startBehavior} does: errors are not converted to RemoteError.
 */
export function startOnOwnNode(
  ports: RemotePorts,
  nodeId: string,
  behavior: string,
  args: unknown,
  { timeoutMs, ...options }: RemoteStartOptions,
): Promise<ProcessRef> {
  return new Promise((resolve, reject) => {
    const { started, abort } = startBehavior(ports, { behavior, args, options });
    const cancel = ports.after(timeoutMs, () => {
      reject(new NodeTimeoutError(nodeId, timeoutMs));
      abort();
    });
    started.then(resolve, reject).finally(cancel);
  });
}
