import { type GenServerOptions, readStartOptions } from './gen-server-options.js';
import type { AnyBehavior } from './gen-server-types.js';
import type { Process } from './process.js';
import type { ProcessTable } from './process-table.js';
import type { ProcessRef } from './refs.js';
import type { GlobalNameClaims } from './remote-processes.js';

interface SpawnParts {
  readonly processes: ProcessTable;
  /** A function, because the global names are created after the process table. */
  globalNames(): GlobalNameClaims;
}

/** What is called on the way to a process. */
export interface SpawnSteps {
  /** After a global name was claimed, before the process exists. What it throws cancels the start. */
  check(): void;
  /** When the process exists, before its `init`. */
  onSpawn(ref: ProcessRef): void;
}

/**
 * Starts a GenServer. A global name is claimed before the process is spawned, for a reserved process id. Of several
 * simultaneous starts with the same global name in the cluster, only one runs `init`.
 */
export async function spawnGenServer(
  { processes, globalNames }: SpawnParts,
  behavior: AnyBehavior,
  options: GenServerOptions,
  steps?: SpawnSteps,
): Promise<Process> {
  const { registration, ...settings } = readStartOptions(options);
  if (registration === 'local') {
    const spawn = (): Promise<Process> => processes.spawn({ kind: 'genserver', behavior, ...settings });
    return steps === undefined ? spawn() : processes.watchSpawns(({ ref }) => steps.onSpawn(ref), spawn);
  }
  // Of the supervisor whose `start` function is on the stack: not any more once the name is claimed.
  const watcher = processes.spawnWatcher;
  const { name = '', label = name } = settings;
  const ref = processes.reserve();
  await globalNames().claim(name, ref.id, 'kill');
  const onSpawn = (process: Process): void => {
    watcher?.(process);
    steps?.onSpawn(process.ref);
  };
  const spawned = processes.watchSpawns(onSpawn, async () => {
    // Meanwhile the name may have been unregistered, or lost to an earlier owner.
    globalNames().checkOwner(name, ref.id);
    steps?.check();
    return processes.spawn({ kind: 'genserver', behavior, ...settings, name: undefined, label }, ref);
  });
  // Frees the name at once if there is no process.
  globalNames().watch(name, ref.id);
  return spawned;
}
