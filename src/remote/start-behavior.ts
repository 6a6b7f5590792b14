import type { GenServerOptions } from '../process/gen-server-options.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { SpawnSteps } from '../process/spawn-gen-server.js';
import type { RemotePorts } from './remote-ports.js';

interface StartRequest extends Pick<SpawnSteps, 'place' | 'childKey'> {
  /** The name of the behavior in the `BehaviorRegistry`. */
  readonly behavior: string;
  readonly args: unknown;
  readonly options: GenServerOptions;
  /** Called when the process exists, before its `init`. */
  onSpawn?(ref: ProcessRef): void;
}

/** A start that can be aborted, because the node that requested it may stop waiting. */
export interface BehaviorStart {
  /**
   * Resolves with the ref when `init` has completed. Rejects with BehaviorNotRegisteredError, with what a factory
   * throws, with the errors of `GenServer.start`, or when the start is aborted.
   */
  readonly started: Promise<ProcessRef>;
  /** Kills the process, or prevents its start. */
  abort(): void;
}

/** Starts a process of a registered behavior on this node. */
export function startBehavior(
  { behaviors, local }: Pick<RemotePorts, 'behaviors' | 'local'>,
  { behavior: name, args, options, onSpawn, ...steps }: StartRequest,
): BehaviorStart {
  let isAborted = false;
  let spawned: ProcessRef | undefined;
  const check = (): void => {
    if (isAborted) throw new Error('the start was aborted');
  };
  const start = async (): Promise<ProcessRef> => {
    const behavior = await behaviors.make(name, args);
    check();
    return local.start(behavior, options, {
      ...steps,
      check,
      onSpawn(ref) {
        spawned = ref;
        onSpawn?.(ref);
      },
    });
  };
  return {
    started: start(),
    abort() {
      isAborted = true;
      if (spawned !== undefined) local.kill(spawned.id);
    },
  };
}
