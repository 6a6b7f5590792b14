import type { ClusterObserverSnapshot, NodeObserverSnapshot } from '../../../streams/index.js';
import { visibleText } from './visible-text.js';

/**
 * Returns the cluster as a few lines of text: the sums, then the figures of each node.
 *
 * @example
 * console.log(overview(await ClusterObserver.getClusterSnapshot()));
 */
export function overview({ timestamp, localNodeId, nodes, aggregated }: ClusterObserverSnapshot): string {
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
    ...nodes.flatMap((node) => nodeLines(node, node.nodeId === localNodeId)),
    '',
  ].join('\n');
}

function nodeLines({ nodeId, status, snapshot, error }: NodeObserverSnapshot, isLocal: boolean): readonly string[] {
  const lines = [`  ${nodeId}${isLocal ? ' (local)' : ''}:`, `    Status: ${status}`];
  if (snapshot === null) return error === undefined ? lines : [...lines, `    Error: ${visibleText(error)}`];
  return [
    ...lines,
    `    Processes: ${snapshot.processCount}`,
    `    Messages: ${snapshot.totalMessages}`,
    `    Restarts: ${snapshot.totalRestarts}`,
    `    Memory: ${(snapshot.memoryStats.heapUsed / 1024 / 1024).toFixed(2)} MB`,
  ];
}
