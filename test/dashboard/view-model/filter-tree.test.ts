import { describe, expect, test } from 'vitest';
import type { ClusterView } from '../../../src/dashboard/view-model/cluster-view.js';
import { filterTree, treeOf } from '../../../src/dashboard/view-model/tree-lines.js';
import { keyOf, type ProcessRow } from '../../../src/dashboard/view-model/view-rows.js';

const process = (id: string, parentId?: string): ProcessRow => ({
  key: keyOf('a@h:1', id),
  nodeId: 'a@h:1',
  id,
  ...(parentId !== undefined && { parentKey: keyOf('a@h:1', parentId) }),
  kind: parentId === undefined ? 'supervisor' : 'genserver',
  status: 'running',
  startedAt: 0,
  startedMonotonic: 0,
});

const view: ClusterView = {
  timestamp: 0,
  monotonic: 0,
  nodes: [
    {
      node: {
        nodeId: 'a@h:1',
        status: 'connected',
        heardAt: 0,
        clockAheadMs: 0,
        monotonicAheadMs: 0,
        processCount: 5,
        serverCount: 3,
        supervisorCount: 2,
        totalMessages: 0,
        totalRestarts: 0,
        queueSize: 0,
      },
      processes: [process('root'), process('other'), process('apple', 'root'), process('pear', 'root')],
    },
  ],
};

const keysOf = (of: ClusterView): readonly string[] => treeOf(of, new Set()).map(({ key }) => key);

describe('the tree of what passes a filter', () => {
  test('keeps the supervisors above, and nothing beside', () => {
    expect(keysOf(filterTree(view, { text: 'pear' }))).toEqual(['a@h:1', 'a@h:1 root', 'a@h:1 pear']);
  });

  test('keeps only the node that is asked for', () => {
    expect(keysOf(filterTree(view, { nodeId: 'b@h:1' }))).toEqual([]);
    expect(keysOf(filterTree(view, { nodeId: 'a@h:1' }))).toHaveLength(5);
  });

  test('is the tree itself when nothing is filtered', () => {
    expect(filterTree(view, { text: ' ' })).toBe(view);
  });
});
