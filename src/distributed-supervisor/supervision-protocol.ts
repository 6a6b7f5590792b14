import type { DownReason } from '../process/gen-server-types.js';
import type { RestartType } from '../supervisor/strategy.js';
import type { NodeSelector } from './node-selection.js';

/** The spec of a child as nodes send it to each other: plain data. */
export interface SentChildSpec {
  readonly behavior: string;
  readonly args: unknown;
  readonly name?: string | undefined;
  readonly restart: RestartType;
  readonly significant: boolean;
  /** ms; `null`: no limit. */
  readonly shutdownTimeout: number | null;
  /** ms; `null`: no limit. */
  readonly initTimeout: number | null;
  /** Absent: the child has no selector, or its selector is a function, which cannot be sent. */
  readonly nodeSelector?: Exclude<NodeSelector, (...args: never[]) => unknown> | undefined;
}

/** The process of a child and the node that runs it. */
export interface ChildLocation {
  /** {@link LOCAL_NODE}, or the id of another node. In a {@link SentChild}, LOCAL_NODE means a node in no cluster. */
  readonly node: string;
  /** The life of the node. */
  readonly life: string;
  readonly processId: string;
}

/** What a leader knows of a child, as it sends it to the instances that stand by. */
export interface SentChild {
  readonly spec: SentChildSpec;
  /** The process of the child. If its node is lost, the last known process. `null`: the child is down or starting. */
  readonly location: ChildLocation | null;
  /** The node on which the child ran last; `null`: it has not run yet. */
  readonly lastNode: string | null;
  /** Whether the child should run. A terminated child should not. */
  readonly isWanted: boolean;
  readonly restarts: number;
}

/** Stands for this node in locations, because a node that is in no cluster has no id. */
export const LOCAL_NODE = '';

/** What the leader of a supervisor sends to each node that may run children. */
export type LeaderMessage =
  /** Start a child. Answered by `placed`, `failed` or `refused`. */
  | {
      readonly type: 'place';
      readonly placement: number;
      readonly childId: string;
      readonly spec: SentChildSpec;
      /** How often the child was restarted before. */
      readonly restarts: number;
      /** The node on which the child ran before; `null`: it has not run yet. */
      readonly lastNode: string | null;
      /** How long the child may run without a leader, ms; `null`: no limit. */
      readonly orphanTimeout: number | null;
    }
  /** End a start that is not completed. Answered by `failed`, unless the start has been answered already. */
  | { readonly type: 'abort'; readonly placement: number }
  /**
   * Stop a process. Answered by `exited`, unless that was sent already. `isDuplicate`: it is not the process that the
   * leader has for the child.
   */
  | { readonly type: 'stop'; readonly processId: string; readonly isDuplicate: boolean };

/** What a node that runs children sends to their leader. */
export type HostMessage =
  /** A child runs on this node. When this node begins to obey a leader, it sends this message for each such child. */
  | { readonly type: 'hosted'; readonly childId: string; readonly processId: string; readonly spec: SentChildSpec }
  /** All children of this node have been reported. From now on, this node obeys the leader. */
  | { readonly type: 'obeying' }
  /**
   * This node does not obey the leader, because it obeys another one or accepts no children now. `placement`: the
   * number of the refused placement; `null`: all placements on this node.
   */
  | { readonly type: 'refused'; readonly placement: number | null }
  | { readonly type: 'placed'; readonly placement: number; readonly processId: string }
  | { readonly type: 'failed'; readonly placement: number; readonly error: Error; readonly cause: FailureCause }
  /**
   * A child has ended. `isHandedOver`: the node was stopping it, or accepts no children now, so the end does not count
   * as a failure of the child.
   */
  | {
      readonly type: 'exited';
      readonly processId: string;
      readonly reason: DownReason;
      readonly isHandedOver: boolean;
    };

/**
 * Why a child could not be started. `unusable`: the node has not registered the behavior, or does not accept it.
 * `name_taken`: another process has the global name of the child. That may be the previous process of the same child.
 */
export type FailureCause = 'unusable' | 'name_taken' | 'other';

/** What the instances of one supervisor send each other. */
export type InstanceMessage =
  /**
   * The sender stands by, and requests the children of the leader. Answered by `copy`. `token` identifies the request.
   */
  | { readonly type: 'standby'; readonly token: string }
  /** The sender does not stand by any more. */
  | { readonly type: 'standby_ended' }
  /** A `child` message for each child of the leader follows, and `restarts` last. `token`: that of the request. */
  | { readonly type: 'copy'; readonly token: string }
  /** What the leader knows of a child now; `null`: the child was removed. */
  | { readonly type: 'child'; readonly childId: string; readonly child: SentChild | null }
  /** How long ago the counted restarts of the leader were, ms. */
  | { readonly type: 'restarts'; readonly ages: readonly number[] }
  /** The supervisor has ended for good, so the receiving instance must end too. */
  | { readonly type: 'ended' };

export type SupervisionMessage = LeaderMessage | HostMessage | InstanceMessage;

export function isLeaderMessage(message: SupervisionMessage): message is LeaderMessage {
  return message.type === 'place' || message.type === 'abort' || message.type === 'stop';
}

const INSTANCE_TYPES: readonly unknown[] = ['standby', 'standby_ended', 'copy', 'child', 'restarts', 'ended'];

export function isInstanceMessage(message: SupervisionMessage): message is InstanceMessage {
  return INSTANCE_TYPES.includes(message.type);
}
