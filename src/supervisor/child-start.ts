import { asError, ChildStartError, InvalidChildSpecError, ServerNotRunningError } from '../errors.js';
import type { ProcessRef } from '../process/behavior.js';
import type { Process } from '../process/process.js';
import type { ProcessTable } from '../process/process-table.js';
import { shutDown, shutdownLimit } from './child-shutdown.js';
import type { Child } from './child-table.js';

interface ChildStartOptions {
  readonly processes: ProcessTable;
  /** Receives the error of a start that its supervisor does not wait for any more. */
  onError(error: Error): void;
}

/**
 * Runs the `start` functions of one supervisor, one at a time. A start belongs to the user and may never settle: a
 * supervisor that is asked to stop abandons it, and what comes of it later is ended here.
 */
export class ChildStart {
  readonly #options: ChildStartOptions;
  #abandon: (() => void) | undefined;
  #isCalling = false;

  constructor(options: ChildStartOptions) {
    this.#options = options;
  }

  /** Whether a `start` function is on the stack now. */
  get isCalling(): boolean {
    return this.#isCalling;
  }

  /** The supervisor `self` stops or was killed: it waits no longer. */
  abandon(): void {
    this.#abandon?.();
  }

  /**
   * Starts a child; resolves with its process, which has no supervisor yet.
   *
   * Rejects with what its start threw, with InvalidChildSpecError or ForeignRefError when that gave no usable ref, or with
   * ServerNotRunningError when the start was abandoned.
   */
  async run(child: Child, self: Process): Promise<Process> {
    const process = this.#usable(child, await this.#settled(child, self), self);
    if (!self.gone) return process;
    process.kill();
    throw new ServerNotRunningError(self.id, { registeredName: self.registeredName });
  }

  #settled(child: Child, self: Process): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let abandoned: 'stopped' | 'killed' | undefined;
      this.#abandon = () => {
        this.#abandon = undefined;
        abandoned = self.gone ? 'killed' : 'stopped';
        reject(new ServerNotRunningError(self.id, { registeredName: self.registeredName }));
      };
      this.#call(child).then(
        (ref) => {
          if (abandoned === undefined) resolve(ref);
          else this.#discard(child, ref, self, abandoned);
        },
        (thrown) => {
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
      return child.spec.start();
    } finally {
      this.#isCalling = false;
    }
  }

  /** Ends what an abandoned start gave after all, as its supervisor would have. */
  #discard(child: Child, ref: unknown, self: Process, abandoned: 'stopped' | 'killed'): void {
    try {
      const process = this.#usable(child, ref, self);
      if (abandoned === 'killed') process.kill();
      else void shutDown(process, shutdownLimit(process, child.spec));
    } catch (thrown) {
      this.#report(child, thrown, self);
    }
  }

  #report(child: Child, thrown: unknown, self: Process): void {
    // The start asked the supervisor that has abandoned it: that is the stop itself once more.
    if (thrown instanceof ServerNotRunningError && thrown.processId === self.id) return;
    this.#options.onError(new ChildStartError(self.id, child.id, asError(thrown)));
  }

  /** The process of what a start gave, if it can become a child of `self`. @throws InvalidChildSpecError, ForeignRefError */
  #usable(child: Child, ref: unknown, self: Process): Process {
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
