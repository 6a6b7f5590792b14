import type { ClusterObserverSnapshot, NodeObserverSnapshot, ObserverSnapshot } from 'noex';

/** The local statistics, as lines of text. */
export function localReport(nodeId: string, snapshot: ObserverSnapshot): string {
  return [
    `Local Statistics (${nodeId}):`,
    `  Processes: ${snapshot.processCount}`,
    `  Servers: ${snapshot.servers.length}`,
    `  Supervisors: ${snapshot.supervisors.length}`,
    `  Messages: ${snapshot.totalMessages}`,
    `  Restarts: ${snapshot.totalRestarts}`,
    `  Memory: ${megabytes(snapshot.memoryStats.heapUsed)}`,
    '',
  ].join('\n');
}

/** The overview of the cluster, as lines of text. */
export function clusterReport({ timestamp, localNodeId, nodes, aggregated }: ClusterObserverSnapshot): string {
  return [
    `Cluster Overview (${new Date(timestamp).toISOString()}):`,
    `  Total nodes: ${aggregated.totalNodeCount}`,
    `  Connected nodes: ${aggregated.connectedNodeCount}`,
    `  Total processes: ${aggregated.totalProcessCount}`,
    `  Total servers: ${aggregated.totalServerCount}`,
    `  Total supervisors: ${aggregated.totalSupervisorCount}`,
    `  Total messages: ${aggregated.totalMessages}`,
    `  Total restarts: ${aggregated.totalRestarts}`,
    '',
    'Per-node breakdown:',
    ...nodes.flatMap((node) => nodeReport(node, node.nodeId === localNodeId)),
    '',
  ].join('\n');
}

function nodeReport({ nodeId, status, snapshot, error }: NodeObserverSnapshot, isLocal: boolean): readonly string[] {
  const lines = [`  ${nodeId}${isLocal ? ' (local)' : ''}:`, `    Status: ${status}`];
  if (snapshot === null) return error === undefined ? lines : [...lines, `    Error: ${error}`];
  return [
    ...lines,
    `    Processes: ${snapshot.processCount}`,
    `    Messages: ${snapshot.totalMessages}`,
    `    Restarts: ${snapshot.totalRestarts}`,
    `    Memory: ${megabytes(snapshot.memoryStats.heapUsed)}`,
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MB`;
}
