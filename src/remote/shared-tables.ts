import type { MemberItem } from './groups/group-members.js';
import { type GroupPorts, ProcessGroups } from './groups/process-groups.js';
import type { ClaimItem } from './names/claim-protocol.js';
import { GlobalNames } from './names/global-names.js';
import type { GlobalNamesPorts } from './names/global-names-ports.js';
import { Quorum, type QuorumItem } from './quorum.js';

/** Items that each node sends to all others: its claims of global names, its group members, and those of the quorum. */
export type SharedItem = ClaimItem | MemberItem | QuorumItem;

interface SharedTablesOptions extends Omit<GlobalNamesPorts & GroupPorts, 'quorum' | 'send'> {
  /** Sends an item to the node `to`, or without `to` to all nodes with a channel. */
  send(item: SharedItem, to?: string): void;
}

/** What all nodes of a cluster know together. */
export interface SharedTables {
  readonly globalNames: GlobalNames;
  readonly groups: ProcessGroups;
  readonly quorum: Quorum;
  /** Called when a channel has opened. */
  up(nodeId: string, life: string): void;
  /** Called when a channel is down. */
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
      // Last: the first ping says that all claims have been sent.
      quorum.up(nodeId, life);
    },
    down(nodeId, life) {
      globalNames.down(nodeId, life);
      groups.down(nodeId);
      quorum.down(nodeId);
    },
  };
}
