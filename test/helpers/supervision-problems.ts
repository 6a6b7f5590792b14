import type { DistributedChildSpec } from '../../src/distributed-supervisor/distributed-options.js';
import type { SentChild } from '../../src/distributed-supervisor/supervision-protocol.js';
import type { SupervisedNode } from './supervised-node.js';

type List = ReadonlyMap<string, SentChild>;

/**
 * What is wrong in a connected, quiet network. `isNeeded`: whether a child must run, unless it is temporary or there is
 * no instance.
 */
export function problemsOf(
  nodes: readonly SupervisedNode[],
  children: readonly DistributedChildSpec[],
  isNeeded: (childId: string) => boolean,
): readonly string[] {
  const instances = nodes.filter(({ isAlive, isMember, instance }) => isAlive && isMember && instance !== undefined);
  const leaders = instances.filter(({ leads }) => leads);
  const list: List = leaders[0]?.instance?.children ?? new Map();
  const problems = leaders.length === Math.min(1, instances.length) ? [] : [`there are ${leaders.length} leaders`];
  problems.push(...listProblems(nodes, list));
  for (const { instance, id } of instances) {
    const isEqual = JSON.stringify([...(instance?.children ?? [])]) === JSON.stringify([...list]);
    if (!isEqual) problems.push(`the list of ${id} differs from the leader's`);
  }
  for (const { id, restart } of leaders.length === 0 ? [] : children) {
    const isMissing = restart !== 'temporary' && isNeeded(id) && !list.get(id)?.isWanted;
    if (isMissing) problems.push(`${id} has vanished`);
  }
  return problems;
}

/** Where the leader's list differs from what runs. */
function listProblems(nodes: readonly SupervisedNode[], list: List): readonly string[] {
  const running = nodes.flatMap(({ life, children }) => children.map(({ childId, id }) => ({ childId, id, life })));
  const unknown = running.filter(({ childId, id, life }) => {
    const location = list.get(childId)?.location;
    return location?.life !== life || location.processId !== id;
  });
  const wrong = [...list].filter(([id, { isWanted, location }]) => {
    const isRunning = running.some(({ childId }) => childId === id);
    return isWanted !== (location !== null) || isWanted !== isRunning;
  });
  return [
    ...unknown.map(({ childId, life }) => `${childId} runs in ${life}, unknown to the leader`),
    ...wrong.map(([id, { isWanted }]) => `${id} should ${isWanted ? '' : 'not '}run`),
  ];
}
