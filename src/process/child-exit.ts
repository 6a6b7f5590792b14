import type { TerminationReason } from './gen-server-types.js';

/** The info message that a parent receives when a child has ended. */
export class ChildExit {
  readonly id: string;
  readonly reason: TerminationReason;

  constructor(id: string, reason: TerminationReason) {
    this.id = id;
    this.reason = reason;
  }
}
