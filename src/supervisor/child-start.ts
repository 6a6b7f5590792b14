import {
  asError,
  ChildStartError,
  InitializationError,
  InvalidChildSpecError,
  ServerNotRunningError,
} from '../errors.js';
import type { Process } from '../process/process.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { ProcessTable } from '../process/process-table.js';
import { shutDown, shutdownLimit } from './child-shutdown.js';
import type { Child } from './child-table.js';

interface ChildStartOptions {
  readonly processes: ProcessTable;
  /** Receives the error of a start whose supervisor does not wait for it any more. */
  onError(error: Error): void;
}

/**
 * Runs the `start` functions of one supervisor, one at a time. A `start` is user code and may never settle, so a
 * supervisor that is asked to stop abandons it. Processes that the abandoned start spawned before its first `await`,
 * and that are still in `init`, end with the supervisor. If the abandoned start resolves with a process after that,
 * that process is ended, too.
 */
export class ChildStart {
  readonly #options: ChildStartOptions;
  #abandon: (() => void) | undefined;
  #isCalling = false;
  /** The processes that the current `start` has spawned before its first `await`. */
  #spawned: Process[] = [];
  /** The ids of processes that were in their `init` when their start was abandoned. */
  readonly #unfinished = new Set<string>();
  #unfinishedGone: Promise<unknown> = Promise.resolve();

  constructor(options: ChildStartOptions) {
    this.#options = options;
  }

  /** Whether a `start` function is on the stack now. */
  get isCalling(): boolean {
    return this.#isCalling;
  }

  /** Abandons the current start, if there is one, because the supervisor stops or was killed. */
  abandon(): void {
    this.#abandon?.();
  }

  /** Resolves when the processes that were in `init` when their start was abandoned have ended. */
  async unfinishedGone(): Promise<void> {
    await this.#unfinishedGone;
  }

  /**
   * Calls the `start` of a child. Resolves with its result, to be checked with {@link ChildStart.adoptable}.
   *
   * Rejects with what `start` threw, or with ServerNotRunningError when the start was abandoned.
   */
  run(child: Child, self: Process): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let abandoned: 'stopped' | 'killed' | undefined;
      const spawned: Process[] = [];
      this.#spawned = spawned;
      this.#abandon = () => {
        this.#abandon = undefined;
        abandoned = self.gone ? 'killed' : 'stopped';
        this.#endUnfinished(child, abandoned);
        reject(new ServerNotRunningError(self.id, { registeredName: self.registeredName }));
      };
      this.#call(child, (process) => spawned.push(process)).then(
        (ref) => {
          this.#spawned = [];
          if (abandoned === undefined) resolve(ref);
          else this.#discard(child, ref, self, abandoned);
        },
        (thrown) => {
          this.#spawned = [];
          if (abandoned === undefined) reject(thrown);
          else this.#report(child, thrown, self);
        },
      );
    });
  }

  async #call(child: Child, onSpawn: (process: Process) => void): Promise<unknown> {
    this.#isCalling = true;
    try {
      // The promise is not awaited: `#isCalling` covers only the part of `start` before its first `await`.
      return this.#options.processes.watchSpawns(onSpawn, () => child.spec.start());
    } finally {
      this.#isCalling = false;
    }
  }

  /** Ends the spawned processes that would otherwise run without a supervisor until the start settles. */
  #endUnfinished(child: Child, how: 'stopped' | 'killed'): void {
    const unfinished = this.#spawned.filter(({ isInitializing }) => isInitializing);
    for (const { id } of unfinished) this.#unfinished.add(id);
    if (how === 'killed') for (const process of unfinished) process.kill();
    else
      this.#unfinishedGone = Promise.all(
        unfinished.map((process) => shutDown(process, shutdownLimit(process, child.spec))),
      );
  }

  /** Stops the process of an abandoned start if the supervisor was stopped; kills it if the supervisor was killed. */
  #discard(child: Child, ref: unknown, self: Process, abandoned: 'stopped' | 'killed'): void {
    try {
      const process = this.adoptable(child, ref, self);
      if (abandoned === 'killed') process.kill();
      else void shutDown(process, shutdownLimit(process, child.spec));
    } catch (thrown) {
      this.#report(child, thrown, self);
    }
  }

  #report(child: Child, thrown: unknown, self: Process): void {
    // The abandoned start called its own supervisor: this error only repeats that the supervisor stopped.
    if (thrown instanceof ServerNotRunningError && thrown.processId === self.id) return;
    // The error only says that the process was ended here during `init`.
    if (thrown instanceof InitializationError && this.#unfinished.has(thrown.processId)) return;
    this.#options.onError(new ChildStartError(self.id, child.id, asError(thrown)));
  }

  /**
   * Returns the process for the result of a start, if `self` can adopt it now.
   *
   * @throws InvalidChildSpecError, ForeignRefError
   */
  adoptable(child: Child, ref: unknown, self: Process): Process {
    const of = `of child '${child.id}'`;
    const process = isRef(ref) ? this.#options.processes.findEvenIfEnded(ref) : undefined;
    if (process === undefined)
      throw new InvalidChildSpecError('start', `${of} did not resolve with the ref of a running process`);
    if (process.parent === undefined && !isAbove(process, self)) return process;
    throw new InvalidChildSpecError(
      'start',
      `${of} resolved with process ${process.id}, which already has a place in the supervision tree`,
    );
  }
}

function isRef(value: unknown): value is ProcessRef {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    'life' in value &&
    typeof value.id === 'string' &&
    typeof value.life === 'string'
  );
}

/** Whether `process` is `below` itself or one of the supervisors above it. */
function isAbove(process: Process, below: Process): boolean {
  for (let at: Process | undefined = below; at !== undefined; at = at.parent) {
    if (at === process) return true;
  }
  return false;
}
