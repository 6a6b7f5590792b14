import type { EventStamp } from './event-stamp.js';

/** An instance of a distributed supervisor became its leader. Not emitted for a supervisor without a name. */
export interface DistributedSupervisorLed extends EventStamp {
  readonly type: 'distributed_supervisor_led';
  /** The process id of the instance. */
  readonly id: string;
  /** The name of the supervisor. */
  readonly supervisor: string;
}

/** An instance of a distributed supervisor does not lead any more, because an instance on another node leads. */
export interface DistributedSupervisorYielded extends EventStamp {
  readonly type: 'distributed_supervisor_yielded';
  /** The process id of the instance. */
  readonly id: string;
  /** The name of the supervisor. */
  readonly supervisor: string;
  /** The id of the node of the new leader. */
  readonly to: string;
}

/** A child of a distributed supervisor now runs on this node, and ran on another one before. */
export interface DistributedChildMoved extends EventStamp {
  readonly type: 'distributed_child_moved';
  /** The process id of the child. */
  readonly id: string;
  /** The name of the supervisor. If the supervisor has no name: the process id of its leader. */
  readonly supervisor: string;
  readonly childId: string;
  /** The id of the node on which the child ran before. */
  readonly from: string;
}

/**
 * A node ended a child of a distributed supervisor, because the child must not run there any more. Emitted on that
 * node.
 */
export interface DistributedChildStopped extends EventStamp {
  readonly type: 'distributed_child_stopped';
  /** The process id of the child. */
  readonly id: string;
  /** The name of the supervisor. If the supervisor has no name: the process id of its leader. */
  readonly supervisor: string;
  readonly childId: string;
  /**
   * Why the node ended the child.
   * - `duplicate`: after a partition, the child also ran on another node, where it keeps running.
   * - `orphaned`: the supervisor had no leader for longer than its `orphanTimeout`, or the supervisor has no name and
   *   has ended.
   * - `handed_over`: the node leaves the cluster.
   * - `no_quorum`: the node sees fewer than `minNodes` nodes.
   */
  readonly why: 'duplicate' | 'orphaned' | 'handed_over' | 'no_quorum';
}

export type DistributedSupervisorEvent =
  | DistributedSupervisorLed
  | DistributedSupervisorYielded
  | DistributedChildMoved
  | DistributedChildStopped;
