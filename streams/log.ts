import type { ErrorFact, ExitFact, ProcessKind } from './events.js';

interface Entry {
  /** The node it happened on; of `node_up` and `node_down`, the node that came or went. */
  readonly nodeId: string;
  /** When, ms since the epoch, by the clock of the node that told it. */
  readonly at: number;
}

interface ProcessEntry extends Entry {
  /** The id of the process. */
  readonly id: string;
  /** Its name at that time, where it had one. */
  readonly name?: string;
}

/**
 * What is worth a line in the log of a cluster: what happened to a process, or to a node. Plain data; never the content of
 * a message.
 */
export type LogEntry =
  | (ProcessEntry & { readonly type: 'process_started'; readonly kind: ProcessKind })
  | (ProcessEntry & { readonly type: 'process_crashed'; readonly kind: ProcessKind; readonly error: ErrorFact })
  | (ProcessEntry & { readonly type: 'process_exited'; readonly kind: ProcessKind; readonly reason: ExitFact })
  | (ProcessEntry & {
      readonly type: 'child_restarted';
      readonly supervisorId: string;
      /** The id in the child spec. */
      readonly childId: string;
      readonly oldId: string;
      /** How often this child has been restarted by now. */
      readonly attempt: number;
    })
  | (ProcessEntry & { readonly type: 'loop_blocked'; readonly messageType?: string; readonly ms: number })
  | (Entry & { readonly type: 'node_up' })
  | (Entry & { readonly type: 'node_down'; readonly reason: string })
  /** So many entries of this node are lost: there were more than are kept. */
  | (Entry & { readonly type: 'missed'; readonly count: number });
