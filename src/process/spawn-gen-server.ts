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
  const watched = (code: () => Promise<Process>): Promise<Process> =>
    steps === undefined ? code() : processes.watchSpawns(({ ref }) => steps.onSpawn(ref), code);
  if (registration === 'local') {
    return watched(() => processes.spawn({ kind: 'genserver', behavior, ...settings }));
  }
  const { name = '', label = name } = settings;
  const ref = processes.reserve();
  await globalNames().claim(name, ref.id, 'kill');
  const spawned = watched(async () => {
    // Meanwhile the name may have been unregistered, or lost to an earlier owner.
    globalNames().checkOwner(name, ref.id);
    steps?.check();
    return processes.spawn({ kind: 'genserver', behavior, ...settings, name: undefined, label }, ref);
  });
  // Frees the name at once if there is no process.
  globalNames().watch(name, ref.id);
  return spawned;
}
