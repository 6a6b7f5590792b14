import type { Process } from '../process/process.js';
import type { ChildOptions } from './child-spec.js';

const WORKER_SHUTDOWN_MS = 5000;

/** How long `process` may take to stop as a child with this spec, ms. */
export function shutdownLimit(process: Process, spec: ChildOptions): number {
  return spec.shutdownTimeout ?? (process.kind === 'supervisor' ? Number.POSITIVE_INFINITY : WORKER_SHUTDOWN_MS);
}

/** Stops a process, and kills it after `limitMs`. With 0, it is killed at once. Resolves when the process has ended. */
export async function shutDown(process: Process, limitMs: number): Promise<void> {
  if (limitMs === 0) process.kill();
  else await process.stop('shutdown', limitMs);
}
