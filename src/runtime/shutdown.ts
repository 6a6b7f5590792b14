import type { Clock } from '../clock.js';
import type { ProcessTable } from '../process/process-table.js';

interface ShutdownOptions {
  readonly processes: ProcessTable;
  readonly clock: Clock;
  /** The limit for the whole shutdown, ms. Processes that have not ended by then are killed. */
  readonly timeoutMs: number;
  /** Leaves the cluster. */
  leave(): Promise<void>;
  /** Receives the error if leaving the cluster fails. */
  onError(error: unknown): void;
}

/** Leaves the cluster, then stops every process, including processes that are started meanwhile. */
export async function shutDown({ processes, clock, timeoutMs, leave, onError }: ShutdownOptions): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  const leaving = leave().catch(onError);
  // Leaving gets at most half of the time: a slow node must not use up the time for stopping processes.
  await within(clock, timeoutMs / 2, leaving);
  await stopAll(processes, clock, deadline);
  await within(clock, deadline - clock.monotonic(), leaving);
}

/** Waits at most `timeoutMs` for the shutdown in progress, then kills the processes that have not ended. */
export async function shortenShutdown(
  { processes, clock, timeoutMs }: Pick<ShutdownOptions, 'processes' | 'clock' | 'timeoutMs'>,
  shuttingDown: Promise<void>,
): Promise<void> {
  await within(clock, timeoutMs, shuttingDown);
  processes.close();
  for (const root of processes.roots()) root.killOverdue(timeoutMs);
}

/**
 * Stops all root processes at the same time, because they do not depend on each other. Kills those that have not ended
 * at `deadline`, ms of the monotonic clock. Afterwards, every start rejects.
 */
async function stopAll(processes: ProcessTable, clock: Clock, deadline: number): Promise<void> {
  for (;;) {
    // Roots are asked to stop in reverse order of their starts.
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

/** Settles as `work` does, but resolves after `ms` milliseconds if `work` takes longer. Infinity: no limit. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  if (ms === Number.POSITIVE_INFINITY) return work;
  await new Promise<void>((resolve, reject) => {
    const timer = clock.setTimeout(resolve, Math.max(0, ms));
    work.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });
}
