import type { ClusterNames, ClusterObserverSnapshot, NodeObserverSnapshot } from '../../../streams/index.js';
import { visibleText } from './visible-text.js';

/**
 * Returns the cluster as lines of text: the sums, the figures of each node, the owner of each global name, and the
 * number of members of each group by node. Lists at most 100 names and 100 groups.
 *
 * @example
 * console.log(overview(await ClusterObserver.getClusterSnapshot()));
 */
export function overview({ timestamp, localNodeId, nodes, aggregated, names }: ClusterObserverSnapshot): string {
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
    ...nameLines(names),
  ].join('\n');
}

/** The maximum number of global names that are listed. The same limit applies to groups. */
const MAX_LINES = 100;

function nameLines({ globalNames, groups, omitted }: ClusterNames): readonly string[] {
  const names = globalNames.map(({ name, owners }) => {
    const by = owners.map(({ nodeId, id, since }) => `${id} on ${nodeId} since ${new Date(since).toISOString()}`);
    return `  ${visibleText(name)}: ${visibleText(by.join('; '))}`;
  });
  const members = groups.map(({ name, nodes, memberCount }) => {
    const byNode = nodes.map(({ nodeId, ids }) => `${nodeId} ${ids.length}`);
    return `  ${visibleText(name)}: ${memberCount} (${visibleText(byNode.join(', '))})`;
  });
  return [
    ...section('Global names:', names),
    ...section('Groups (members by node):', members),
    ...(omitted > 0 ? [`${omitted} further names and memberships are not reported.`, ''] : []),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const omitted = lines.length - MAX_LINES;
  return [title, ...lines.slice(0, MAX_LINES), ...(omitted > 0 ? [`  and ${omitted} more`] : []), ''];
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
