import { type GenServerOptions, readStartOptions } from './gen-server-options.js';
import type { AnyBehavior } from './gen-server-types.js';
import type { Process } from './process.js';
import type { ProcessTable } from './process-table.js';
import type { GlobalNameClaims } from './remote-processes.js';

interface SpawnParts {
  readonly processes: ProcessTable;
  /** A function, because the global names are created after the process table. */
  globalNames(): GlobalNameClaims;
}

/**
 * Starts a GenServer. A global name is claimed before the process is spawned, for a reserved process id. Of several
 * simultaneous starts with the same global name in the cluster, only one runs `init`.
 *
 * @param onSpawn called with the process before its `init`
 */
export async function spawnGenServer(
  { processes, globalNames }: SpawnParts,
  behavior: AnyBehavior,
  options: GenServerOptions,
  onSpawn?: (process: Process) => void,
): Promise<Process> {
  const { registration, ...settings } = readStartOptions(options);
  const watched = (code: () => Promise<Process>): Promise<Process> =>
    onSpawn === undefined ? code() : processes.watchSpawns(onSpawn, code);
  if (registration === 'local') {
    return watched(() => processes.spawn({ kind: 'genserver', behavior, ...settings }));
  }
  const { name = '', label = name } = settings;
  const ref = processes.reserve();
  await globalNames().claim(name, ref.id, 'kill');
  const spawned = watched(() =>
    processes.spawn({ kind: 'genserver', behavior, ...settings, name: undefined, label }, ref),
  );
  globalNames().watch(name, ref.id);
  return spawned;
}
