import type { NodeView } from './cluster-view.js';
import type { ProcessRow } from './view-rows.js';

/** The supervisors and the children of one process. */
export interface Relatives {
  /** Its supervisor. For a child of a distributed supervisor: all instances of that supervisor, on any node. */
  readonly supervisors: readonly ProcessRow[];
  /** Its children. For an instance of a distributed supervisor: the children on all nodes. */
  readonly children: readonly ProcessRow[];
}

/** Finds the supervisors and children of a process. Those of a distributed supervisor may be on any of `nodes`. */
export function relativesOf(row: ProcessRow, nodes: readonly NodeView[]): Relatives {
  const onNode = nodes.find(({ node }) => node.nodeId === row.nodeId)?.processes ?? [];
  const { distributedSupervisor } = row;
  const ofSame =
    distributedSupervisor === undefined
      ? []
      : nodes.flatMap(({ processes }) =>
          processes.filter((each) => each.distributedSupervisor === distributedSupervisor && each.kind !== row.kind),
        );
  if (row.kind === 'supervisor') {
    return {
      supervisors: onNode.filter(({ key }) => key === row.parentKey),
      children: [...onNode.filter(({ parentKey }) => parentKey === row.key), ...ofSame],
    };
  }
  return { supervisors: [...onNode.filter(({ key }) => key === row.parentKey), ...ofSame], children: [] };
}
