/** A process that has counts to report. */
export interface Reportable {
  /** Emits the counts since the last report. */
  report(): void;
  /** The next entry in the queue of unreported processes; used only by that queue. */
  nextToReport: Reportable | undefined;
}

/**
 * A first-in, first-out queue of the processes that have counts to report. It is a linked list, so that adding a
 * process allocates nothing.
 */
export class UnreportedProcesses {
  #head: Reportable | undefined;
  #tail: Reportable | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a process, which must not be in the queue already. */
  add(process: Reportable): void {
    if (this.#tail === undefined) this.#head = process;
    else this.#tail.nextToReport = process;
    this.#tail = process;
    this.#size += 1;
  }

  /** Makes at most `most` processes report their counts, and removes them from the queue. */
  report(most: number): void {
    for (let left = most; left > 0 && this.#head !== undefined; left -= 1) {
      const process = this.#head;
      this.#head = process.nextToReport;
      if (this.#head === undefined) this.#tail = undefined;
      process.nextToReport = undefined;
      this.#size -= 1;
      process.report();
    }
  }
}
