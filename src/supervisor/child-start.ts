import {
  asError,
  ChildStartError,
  InitializationError,
  InvalidChildSpecError,
  ServerNotRunningError,
} from '../errors.js';
import type { Process } from '../process/process.js';
import type { ProcessTable } from '../process/process-table.js';
import type { ProcessRef } from '../process/refs.js';
import { shutDown, shutdownLimit } from './child-shutdown.js';
import type { Child } from './child-table.js';

interface ChildStartOptions {
  readonly processes: ProcessTable;
  /** Receives the error of a start that its supervisor does not wait for any more. */
  onError(error: Error): void;
}

/**
 * Runs the `start` functions of one supervisor, one at a time. A start belongs to the user and may never settle: a
 * supervisor that is asked to stop abandons it. A process that is in its `init` then, and was started before the first
 * `await` of the start, ends with the supervisor; what comes of the start later is ended here.
 */
export class ChildStart {
  readonly #options: ChildStartOptions;
  #abandon: (() => void) | undefined;
  #isCalling = false;
  /** The processes that the start under way has spawned so far. */
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

  /** Stops waiting for the start, because the supervisor stops or was killed. */
  abandon(): void {
    this.#abandon?.();
  }

  /** Resolves when the processes are gone that were in their `init` when their start was abandoned. */
  async unfinishedGone(): Promise<void> {
    await this.#unfinishedGone;
  }

  /**
   * Starts a child; resolves with what its start gave, for {@link ChildStart.adoptable}.
   *
   * Rejects with what its start threw, or with ServerNotRunningError when the start was abandoned.
   */
  run(child: Child, self: Process): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let abandoned: 'stopped' | 'killed' | undefined;
      this.#spawned = [];
      this.#abandon = () => {
        this.#abandon = undefined;
        abandoned = self.gone ? 'killed' : 'stopped';
        this.#endUnfinished(child, abandoned);
        reject(new ServerNotRunningError(self.id, { registeredName: self.registeredName }));
      };
      this.#call(child).then(
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

  async #call(child: Child): Promise<unknown> {
    this.#isCalling = true;
    try {
      // Not awaited here: the flag is for what runs before the first await of `start`.
      return this.#options.processes.watchSpawns(
        (process) => this.#spawned.push(process),
        () => child.spec.start(),
      );
    } finally {
      this.#isCalling = false;
    }
  }

  /** Ends spawned processes that would otherwise run without a supervisor until the start settles. */
  #endUnfinished(child: Child, how: 'stopped' | 'killed'): void {
    const unfinished = this.#spawned.filter(({ isInitializing }) => isInitializing);
    for (const { id } of unfinished) this.#unfinished.add(id);
    if (how === 'killed') for (const process of unfinished) process.kill();
    else
      this.#unfinishedGone = Promise.all(
        unfinished.map((process) => shutDown(process, shutdownLimit(process, child.spec))),
      );
  }

  /** Ends the process that an abandoned start returned, as its supervisor would have. */
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
    // The start sent a request to the supervisor that abandoned it: this error only repeats the stop.
    if (thrown instanceof ServerNotRunningError && thrown.processId === self.id) return;
    // The process did not start because it was ended here.
    if (thrown instanceof InitializationError && this.#unfinished.has(thrown.processId)) return;
    this.#options.onError(new ChildStartError(self.id, child.id, asError(thrown)));
  }

  /**
   * The process of what a start gave, if it can become a child of `self` in this turn.
   *
   * @throws InvalidChildSpecError, ForeignRefError
   */
  adoptable(child: Child, ref: unknown, self: Process): Process {
    const of = `of child '${child.id}'`;
    const process = isRef(ref) ? this.#options.processes.behind(ref) : undefined;
    if (process === undefined) throw new InvalidChildSpecError('start', `${of} gave no ref of a running process`);
    if (process.parent === undefined && !isAbove(process, self)) return process;
    throw new InvalidChildSpecError('start', `${of} gave process ${process.id}, which has a place already`);
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

/** Whether `process` is `below` itself or one of its supervisors. */
function isAbove(process: Process, below: Process): boolean {
  for (let at: Process | undefined = below; at !== undefined; at = at.parent) {
    if (at === process) return true;
  }
  return false;
}
