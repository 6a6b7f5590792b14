import { NodeTimeoutError } from '../errors.js';
import type { ProcessRef } from '../process/refs.js';
import type { RemoteStartOptions } from '../process/remote-processes.js';
import type { RemotePorts } from './remote-ports.js';

/**
 * Handles a `startRemote` that targets this node. Rejects as a start on another node does, including NodeTimeoutError.
 */
export function startOnOwnNode(
  { after, behaviors, local }: RemotePorts,
  nodeId: string,
  name: string,
  args: unknown,
  { timeoutMs, ...options }: RemoteStartOptions,
): Promise<ProcessRef> {
  let ref: ProcessRef | undefined;
  let isOver = false;
  const check = (): void => {
    if (isOver) throw new NodeTimeoutError(nodeId, timeoutMs);
  };
  const start = async (): Promise<ProcessRef> => {
    const behavior = await behaviors.make(name, args);
    check();
    return local.start(behavior, options, {
      check,
      onSpawn(started) {
        ref = started;
      },
    });
  };
  return new Promise((resolve, reject) => {
    const cancel = after(timeoutMs, () => {
      isOver = true;
      reject(new NodeTimeoutError(nodeId, timeoutMs));
      if (ref !== undefined) local.kill(ref.id);
    });
    start().then(resolve, reject).finally(cancel);
  });
}
