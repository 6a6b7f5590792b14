import type { Clock } from '../clock.js';
import type { ProcessTable } from '../process/process-table.js';

interface ShutdownOptions {
  readonly processes: ProcessTable;
  readonly clock: Clock;
  /** How long everything together may take, ms; then what is left is killed. */
  readonly timeoutMs: number;
  /** Leaves the cluster. */
  leave(): Promise<void>;
  /** Receives the error when leaving the cluster failed. */
  onError(error: unknown): void;
}

/** Leaves the cluster, then stops every process, those started meanwhile included. Ends when nothing is left. */
export async function shutDown({ processes, clock, timeoutMs, leave, onError }: ShutdownOptions): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  const leaving = leave().catch(onError);
  // A node that does not answer the leave must not use up the time for stopping processes.
  await within(clock, timeoutMs / 2, leaving);
  await stopAll(processes, clock, deadline);
  await within(clock, deadline - clock.monotonic(), leaving);
}

/** Resolves with a shutdown that is under way, or kills what is left of it after `timeoutMs`. */
export async function hurry(
  { processes, clock, timeoutMs }: Pick<ShutdownOptions, 'processes' | 'clock' | 'timeoutMs'>,
  shuttingDown: Promise<void>,
): Promise<void> {
  await within(clock, timeoutMs, shuttingDown);
  processes.close();
  for (const root of processes.roots()) root.killOverdue(timeoutMs);
}

/** Processes without a supervisor do not depend on each other: they stop at the same time. */
async function stopAll(processes: ProcessTable, clock: Clock, deadline: number): Promise<void> {
  for (;;) {
    // In reverse order of their starts, as far as they stop synchronously.
    const roots = processes.roots().toReversed();
    if (roots.length === 0) break;
    const restMs = deadline - clock.monotonic();
    if (restMs > 0) {
      await Promise.all(roots.map((root) => root.stop('shutdown', restMs)));
    } else {
      processes.close();
      for (const root of roots) root.kill();
    }
  }
  processes.close();
}

/** Resolves with `work`, or after `ms` without it. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) return work;
  await new Promise<void>((resolve, reject) => {
    const timer = clock.setTimeout(resolve, Math.max(0, ms));
    work.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });
}
