import { type GenServerOptions, readStartOptions } from './gen-server-options.js';
import type { AnyBehavior } from './gen-server-types.js';
import type { Process } from './process.js';
import type { HostedPlace } from './process-location.js';
import type { ProcessRef } from './process-refs.js';
import type { ProcessTable } from './process-table.js';
import type { GlobalNameClaims } from './remote-processes.js';

interface SpawnParts {
  readonly processes: ProcessTable;
  /** A function, because the global names are created after the process table. */
  globalNames(): GlobalNameClaims;
}

/** Callbacks of a start. */
export interface SpawnSteps {
  /** Throws to cancel the start. Called only with a global name: after its claim, and before the process exists. */
  check(): void;
  /** Called when the process exists, before its `init`. */
  onSpawn(ref: ProcessRef): void;
  /** The place of a child of a distributed supervisor. */
  readonly place?: HostedPlace;
  /** Identifies that child in the cluster. All processes of the child have the same key. */
  readonly childKey?: string;
}

/**
 * Starts a GenServer. A global name is claimed before the process is spawned, for a reserved process id. Of several
 * simultaneous starts with the same global name on connected nodes, at most one runs `init`.
 */
export async function spawnGenServer(
  { processes, globalNames }: SpawnParts,
  behavior: AnyBehavior,
  options: GenServerOptions,
  steps?: SpawnSteps,
): Promise<Process> {
  const { registration, ...settings } = readStartOptions(options);
  const role = steps?.place && { hosted: steps.place };
  if (registration === 'local') {
    const spawn = (): Promise<Process> => processes.spawn({ kind: 'genserver', behavior, ...settings, role });
    return steps === undefined ? spawn() : processes.watchSpawns(({ ref }) => steps.onSpawn(ref), spawn);
  }
  // The watcher is read before the claim is awaited. During the `await`, a supervisor's `watchSpawns`, which set the
  // watcher, returns.
  const watcher = processes.spawnWatcher;
  const { name = '', label = name } = settings;
  const ref = processes.reserve();
  await globalNames().claim(name, ref.id, 'kill', steps?.childKey);
  const onSpawn = (process: Process): void => {
    watcher?.(process);
    steps?.onSpawn(process.ref);
  };
  const spawned = processes.watchSpawns(onSpawn, async () => {
    // The name may have been unregistered, or lost to an earlier owner, since the claim was held.
    globalNames().checkOwner(name, ref.id);
    steps?.check();
    return processes.spawn({ kind: 'genserver', behavior, ...settings, name: undefined, label, role }, ref);
  });
  // Frees the name when the process ends, or at once if no process was spawned.
  globalNames().watch(name, ref.id);
  return spawned;
}
