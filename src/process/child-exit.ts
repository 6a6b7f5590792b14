import type { TerminationReason } from './gen-server-types.js';

/** The info message that a supervisor receives when the process of a child has ended. */
export class ChildExit {
  /** The id of the process that has ended. */
  readonly id: string;
  readonly reason: TerminationReason;

  constructor(id: string, reason: TerminationReason) {
    this.id = id;
    this.reason = reason;
  }
}
