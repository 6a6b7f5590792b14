/** How many other nodes a node watches. In a cluster of up to 51 nodes, every node watches every other one. */
const WATCHED = 50;

/**
 * Returns the nodes whose heartbeats a node receives: its successors on a ring on which the names of all nodes have places
 * that depend on the names alone. So each node is watched by about as many nodes as it watches, and the number of
 * heartbeats that are delivered grows with the number of nodes, not with its square.
 */
export function watchedBy(self: string, others: readonly string[]): readonly string[] {
  if (others.length <= WATCHED) return others;
  const place = placeOf(self);
  const distance = (name: string): number => (placeOf(name) - place + 2 ** 32) % 2 ** 32;
  return others
    .map((name) => [distance(name), name] as const)
    .sort(([a, nameOfA], [b, nameOfB]) => a - b || (nameOfA < nameOfB ? -1 : 1))
    .slice(0, WATCHED)
    .map(([, name]) => name);
}

/** A number from 0 up to 2 ** 32: the FNV-1a hash of the name, whose bits are then mixed as in MurmurHash3. */
function placeOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
