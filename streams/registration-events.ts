// The events about names and groups, as plain data.

import type { EventStamp } from './event-stamp.js';

export interface NameRegistered extends EventStamp {
  readonly type: 'name_registered';
  readonly name: string;
  readonly id: string;
}

export interface NameUnregistered extends EventStamp {
  readonly type: 'name_unregistered';
  readonly name: string;
  readonly id: string;
}

/** All connected nodes have accepted the claim of a process of this node to a global name: the process owns the name. */
export interface GlobalNameRegistered extends EventStamp {
  readonly type: 'global_name_registered';
  /** The global name. */
  readonly name: string;
  /** The id of the process. */
  readonly id: string;
}

/** A process of this node does not own a global name any more: it ended, the name was unregistered or it was lost. */
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
   * What happened to the process of this node: it `kept` the name, or it lost the name and was `killed` or `notified`,
   * as its `onConflict` option says.
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

/** A process of this node has left a group as often as it had joined the group, or has ended. */
export interface GroupLeft extends EventStamp {
  readonly type: 'group_left';
  readonly group: string;
  readonly id: string;
}
