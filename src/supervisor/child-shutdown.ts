import type { Process } from '../process/process.js';
import type { ChildOptions } from './child-spec.js';

const WORKER_SHUTDOWN_MS = 5000;

/** How long `process` may take to stop as a child of that spec, ms. */
export function shutdownLimit(process: Process, spec: ChildOptions): number {
  return spec.shutdownTimeout ?? (process.kind === 'supervisor' ? Number.POSITIVE_INFINITY : WORKER_SHUTDOWN_MS);
}

/** Stops a process, or kills it when that takes longer than `limitMs`; 0: kills it at once. Resolves when it is gone. */
export async function shutDown(process: Process, limitMs: number): Promise<void> {
  if (limitMs === 0) process.kill();
  else await process.stop('shutdown', limitMs);
}
