import type { Process } from '../process/process.js';
import type { ProcessRef } from '../process/refs.js';
import type { ChildOptions } from './child-spec.js';

/** One place among the children of a supervisor. */
export interface Child {
  readonly id: string;
  readonly spec: ChildOptions & { start(): Promise<ProcessRef> };
  /** `undefined` while it does not run. */
  readonly process: Process | undefined;
  /** The id of the process that runs here, or was here last. */
  readonly lastId: string;
  /**
   * What will start it when it does not run. `retry`: its start failed, and is tried again. `group`: a sibling restarted
   * with it has to start first. `undefined`: nothing, until it is asked for or a group is restarted.
   */
  readonly pending: 'retry' | 'group' | undefined;
  /** It is not restarted before, ms of the monotonic clock. */
  notBefore: number;
  restarts: number;
  /** How many starts in a row have failed. */
  failures: number;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The children of one supervisor, in start order. Every operation except iteration is O(1). */
export class ChildTable implements Iterable<Child> {
  readonly #byId = new Map<string, Writable<Child>>();
  /** Children by the id of their current process, or of their last one if they are down. */
  readonly #byProcess = new Map<string, Writable<Child>>();
  /** Those that count for `autoShutdown`: they run, or are started again. */
  readonly #significant = new Set<Child>();
  #runningCount = 0;

  [Symbol.iterator](): Iterator<Child> {
    return this.#byId.values();
  }

  /** How many run. */
  get runningCount(): number {
    return this.#runningCount;
  }

  /** How many significant children run, or are started again. */
  get significantCount(): number {
    return this.#significant.size;
  }

  get(id: string): Child | undefined {
    return this.#byId.get(id);
  }

  /** The child whose process this is, or was last. */
  ofProcess(processId: string): Child | undefined {
    return this.#byProcess.get(processId);
  }

  /** Adds a child at the end, and removes another one with the same id. */
  add(id: string, spec: Child['spec']): Child {
    const before = this.#byId.get(id);
    if (before !== undefined) this.remove(before);
    const child: Child = {
      id,
      spec,
      process: undefined,
      lastId: '',
      pending: undefined,
      notBefore: 0,
      restarts: 0,
      failures: 0,
    };
    this.#byId.set(id, child);
    return child;
  }

  remove(child: Child): void {
    this.setDown(child, undefined);
    this.#byProcess.delete(child.lastId);
    this.#byId.delete(child.id);
  }

  /** `process` is the process of this child from now on. */
  setRunning(child: Writable<Child>, process: Process): void {
    this.#byProcess.delete(child.lastId);
    child.process = process;
    child.lastId = process.id;
    child.pending = undefined;
    child.failures = 0;
    this.#byProcess.set(process.id, child);
    this.#runningCount += 1;
    this.#countSignificant(child);
  }

  /** The child has no process from now on. */
  setDown(child: Writable<Child>, pending: Child['pending']): void {
    if (child.process !== undefined) this.#runningCount -= 1;
    child.process = undefined;
    child.pending = pending;
    this.#countSignificant(child);
  }

  #countSignificant(child: Child): void {
    if (child.spec.significant !== true) return;
    if (child.process === undefined && child.pending === undefined) this.#significant.delete(child);
    else this.#significant.add(child);
  }
}
