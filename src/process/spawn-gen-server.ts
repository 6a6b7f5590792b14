import { type GenServerOptions, readStartOptions } from './gen-server-options.js';
import type { AnyBehavior } from './gen-server-types.js';
import type { Process } from './process.js';
import type { ProcessTable } from './process-table.js';
import type { GlobalNameClaims } from './remote-processes.js';

interface SpawnParts {
  readonly processes: ProcessTable;
  globalNames(): GlobalNameClaims;
}

/**
 * Starts a GenServer. With a global name, the name is claimed for the id of a process that does not exist yet: of several starts at
 * the same time in the cluster, only one runs `init`.
 *
 * @param onSpawn called with the process before its `init`
 */
export async function spawnServer(
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
