/** A process that has counts to report. */
export interface Reportable {
  /** Emits the counts since the last report. */
  report(): void;
  /** Used by the queue alone: the next in it. */
  nextToReport: Reportable | undefined;
}

/** The processes with counts to report, those first that have waited longest. Adding one allocates nothing. */
export class UnreportedProcesses {
  #head: Reportable | undefined;
  #tail: Reportable | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A process that is in the queue must not be added again. */
  add(process: Reportable): void {
    if (this.#tail === undefined) this.#head = process;
    else this.#tail.nextToReport = process;
    this.#tail = process;
    this.#size += 1;
  }

  /** Makes at most `most` processes report, and removes them. */
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
