// The events about names and groups, as plain data.

import type { EventStamp } from './event-stamp.js';

/** A process got a registered name. For a global name, `global_name_registered` is emitted instead. */
export interface NameRegistered extends EventStamp {
  readonly type: 'name_registered';
  readonly name: string;
  readonly id: string;
}

/** A process lost its registered name, because the name was unregistered or the process ended. */
export interface NameUnregistered extends EventStamp {
  readonly type: 'name_unregistered';
  readonly name: string;
  readonly id: string;
}

/** A process of this node owns a global name now, because all connected nodes have accepted the claim. */
export interface GlobalNameRegistered extends EventStamp {
  readonly type: 'global_name_registered';
  /** The global name. */
  readonly name: string;
  /** The id of the process. */
  readonly id: string;
}

/**
 * A process of this node does not own a global name any more. The process ended, the name was unregistered, the process
 * lost a conflict, or the node lost its quorum.
 */
export interface GlobalNameUnregistered extends EventStamp {
  readonly type: 'global_name_unregistered';
  readonly name: string;
  readonly id: string;
}

/**
 * After a partition, a global name had two owners: a process of this node and one of another node. The earlier claim
 * was kept. Both nodes emit this event.
 */
export interface GlobalNameConflict extends EventStamp {
  readonly type: 'global_name_conflict';
  readonly name: string;
  /** The process of this node. */
  readonly id: string;
  /**
   * What happened to the process of this node. `kept`: it kept the name. `killed`, `notified`: it lost the name, and
   * its `onConflict` option decided what followed.
   */
  readonly outcome: 'kept' | 'killed' | 'notified';
  /** The id of the other process. */
  readonly otherId: string;
  /** The node of the other process. */
  readonly otherNodeId: string;
}

/** A process of this node became a member of a group. Not emitted when a member joins the group once more. */
export interface GroupJoined extends EventStamp {
  readonly type: 'group_joined';
  readonly group: string;
  readonly id: string;
}

/** A process of this node is not a member of a group any more: it left as often as it joined, or it ended. */
export interface GroupLeft extends EventStamp {
  readonly type: 'group_left';
  readonly group: string;
  readonly id: string;
}
