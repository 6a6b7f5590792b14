import type { Process } from '../process/process.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { ChildOptions } from './child-spec.js';

/** One child of a supervisor, running or not. */
export interface Child {
  readonly id: string;
  readonly spec: ChildOptions & { start(): Promise<ProcessRef> };
  /** The current process; `undefined` while the child does not run. */
  readonly process: Process | undefined;
  /** The id of the current process, or of the last one. Empty before the first start. */
  readonly lastId: string;
  /**
   * What will start a child that does not run. `retry`: the supervisor restarts it next, because it ended or its last
   * start failed. `group`: it starts with its restart group, after the siblings before it and after the back-off.
   * `undefined`: nothing; it starts only on request or when its group restarts.
   */
  readonly pending: 'retry' | 'group' | undefined;
  /** The earliest time of the next restart, ms of the monotonic clock; 0 without a back-off. */
  notBefore: number;
  /** How often the supervisor has restarted the child. Restarts on request do not count. */
  restarts: number;
  /** How many restarts have failed in a row. */
  failures: number;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The children of one supervisor, in start order. All operations except iteration take constant time. */
export class ChildTable implements Iterable<Child> {
  readonly #byId = new Map<string, Writable<Child>>();
  /** Children by the id of their current or last process. */
  readonly #byProcess = new Map<string, Writable<Child>>();
  /** The significant children that run or will be started again. */
  readonly #significant = new Set<Child>();
  #runningCount = 0;

  [Symbol.iterator](): Iterator<Child> {
    return this.#byId.values();
  }

  /** The number of children that run. */
  get runningCount(): number {
    return this.#runningCount;
  }

  /** The number of significant children that run or will be started again. */
  get significantCount(): number {
    return this.#significant.size;
  }

  get(id: string): Child | undefined {
    return this.#byId.get(id);
  }

  /** The child with this current or last process; `undefined` if there is none. */
  ofProcess(processId: string): Child | undefined {
    return this.#byProcess.get(processId);
  }

  /** Adds a child at the end of the start order. Replaces a child with the same id. */
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

  /** Marks the child as running in `process`. */
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

  /** Marks the child as down. `pending` says what will start the child again; `undefined`: nothing. */
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
