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
  /** Absent: the selector of the supervisor, or a function, which cannot be sent. */
  readonly nodeSelector?: Exclude<NodeSelector, (...args: never[]) => unknown> | undefined;
}

/** The process of a child and the node that runs it. */
export interface ChildLocation {
  /** {@link LOCAL_NODE}, or the id of another node. In a {@link SentChild}, always the id of a node. */
  readonly node: string;
  /** The life of the node. */
  readonly life: string;
  readonly processId: string;
}

/** What a leader knows of a child, as it sends it to the instances that stand by. */
export interface SentChild {
  readonly spec: SentChildSpec;
  /** Where the child runs; `null` while it does not run. */
  readonly location: ChildLocation | null;
  /** The node on which the child ran last; `null`: on none. */
  readonly lastNode: string | null;
  /** Whether the child should run. A terminated child should not. */
  readonly isWanted: boolean;
  readonly restarts: number;
}

/** Stands for the own node in locations: a node in no cluster has no id. */
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
      /** The node on which the child ran before; `null`: on none. */
      readonly lastNode: string | null;
      /** How long the child may run without a leader, ms; `null`: no limit. */
      readonly orphanTimeout: number | null;
    }
  /** End a start that is not completed. Answered by `failed`, or by `placed` if the child runs already. */
  | { readonly type: 'abort'; readonly placement: number }
  /** Stop a child. Answered by `exited`. `isDuplicate`: the child runs elsewhere, too. */
  | { readonly type: 'stop'; readonly processId: string; readonly isDuplicate: boolean };

/** What a node that runs children sends to their leader. */
export type HostMessage =
  /** A child runs on this node. Sent for each child when this node begins to obey a leader. */
  | { readonly type: 'hosted'; readonly childId: string; readonly processId: string; readonly spec: SentChildSpec }
  /** All children of this node were reported: from now on this node obeys the leader. */
  | { readonly type: 'obeying' }
  /** This node does not obey the leader, because it obeys another one, or starts no children now. */
  | { readonly type: 'refused'; readonly placement: number | null }
  | { readonly type: 'placed'; readonly placement: number; readonly processId: string }
  | { readonly type: 'failed'; readonly placement: number; readonly error: Error; readonly cause: FailureCause }
  /** A child has ended. `isHandedOver`: its node stopped it: because the node leaves, or for an earlier leader. */
  | {
      readonly type: 'exited';
      readonly processId: string;
      readonly reason: DownReason;
      readonly isHandedOver: boolean;
    };

/**
 * Why a child could not be started. `unusable`: the node cannot run it, because it has not registered the behavior or does
 * not accept it. `name_taken`: another process has its global name, perhaps its predecessor.
 */
export type FailureCause = 'unusable' | 'name_taken' | 'other';

/** What the instances of one supervisor send each other. */
export type InstanceMessage =
  /** The sender stands by, and wants to know the children of the leader. Answered by `copy`. */
  | { readonly type: 'standby'; readonly token: string }
  /** The sender does not stand by any more. */
  | { readonly type: 'standby_ended' }
  /** All children of the leader follow, and `restarts` last. `token`: the one of the request. */
  | { readonly type: 'copy'; readonly token: string }
  /** The leader knows this of a child now; `null`: the child was removed. */
  | { readonly type: 'child'; readonly childId: string; readonly child: SentChild | null }
  /** How long ago the counted restarts of the leader were, ms. */
  | { readonly type: 'restarts'; readonly ages: readonly number[] }
  /** The leader has ended for good, and all instances end with it. */
  | { readonly type: 'ended' };

export type SupervisionMessage = LeaderMessage | HostMessage | InstanceMessage;

export function isLeaderMessage(message: SupervisionMessage): message is LeaderMessage {
  return message.type === 'place' || message.type === 'abort' || message.type === 'stop';
}

const INSTANCE_TYPES: readonly unknown[] = ['standby', 'standby_ended', 'copy', 'child', 'restarts', 'ended'];

export function isInstanceMessage(message: SupervisionMessage): message is InstanceMessage {
  return INSTANCE_TYPES.includes(message.type);
}
