import type { MemberItem } from './groups/group-members.js';
import { type GroupPorts, ProcessGroups } from './groups/process-groups.js';
import type { ClaimItem } from './names/claim-protocol.js';
import { GlobalNames } from './names/global-names.js';
import type { GlobalNamesPorts } from './names/global-names-ports.js';
import { Quorum, type QuorumItem } from './quorum.js';

/**
 * The items of the tables that all nodes share: global names, members of groups, and the quorum. A change goes to all
 * nodes, an answer to one node.
 */
export type SharedItem = ClaimItem | MemberItem | QuorumItem;

interface SharedTablesOptions extends Omit<GlobalNamesPorts & GroupPorts, 'quorum' | 'send'> {
  /** Sends an item to the node `to`, or without `to` to all nodes with a channel. */
  send(item: SharedItem, to?: string): void;
}

/** The tables that each node fills with its own entries and with copies of the entries of all connected nodes. */
export interface SharedTables {
  readonly globalNames: GlobalNames;
  readonly groups: ProcessGroups;
  readonly quorum: Quorum;
  /** Adds a node whose channel has opened, and sends it the entries of this node. */
  up(nodeId: string, life: string): void;
  /** Removes a node whose channel has ended, and the copies of its entries. */
  down(nodeId: string, life: string): void;
}

export function createSharedTables(options: SharedTablesOptions): SharedTables {
  const quorum: Quorum = new Quorum({
    ...options,
    synchronized: (nodeId) => globalNames.synchronized(nodeId),
    withheldFrom: (nodeId) => globalNames.withheldFrom(nodeId),
    confirmed: (life, at, withheld) => globalNames.confirmed(life, at, withheld),
  });
  const globalNames = new GlobalNames({ ...options, quorum });
  const groups = new ProcessGroups(options);
  return {
    globalNames,
    groups,
    quorum,
    up(nodeId, life) {
      globalNames.up(nodeId, life);
      groups.up(nodeId, life);
      // Must come last: the first ping means that all claims have been sent.
      quorum.up(nodeId, life);
    },
    down(nodeId, life) {
      // Must come before `quorum.down`, which forgets how long the node may still count on this one.
      globalNames.down(nodeId, life);
      groups.down(nodeId);
      quorum.down(nodeId);
    },
  };
}
