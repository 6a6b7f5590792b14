/**
 * Returns the labels of nodes, by node id. A label is the part of the node id before the `@`, or the whole id if
 * another node has the same part.
 */
export function namesOf(nodeIds: readonly string[]): ReadonlyMap<string, string> {
  const shortOf = (nodeId: string): string => nodeId.split('@', 1)[0] ?? nodeId;
  const counts = new Map<string, number>();
  for (const nodeId of nodeIds) counts.set(shortOf(nodeId), (counts.get(shortOf(nodeId)) ?? 0) + 1);
  return new Map(nodeIds.map((nodeId) => [nodeId, counts.get(shortOf(nodeId)) === 1 ? shortOf(nodeId) : nodeId]));
}
