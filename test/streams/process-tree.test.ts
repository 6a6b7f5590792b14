import { describe, expect, test } from 'vitest';
import { snapshotOf } from '../../streams/create-snapshot.js';
import { emptyModel, evolveAll } from '../../streams/node-model.js';
import { processTree } from '../../streams/process-tree.js';
import type { ProcessTreeNode } from '../../streams/snapshot.js';
import { server, stamped, supervisor } from '../helpers/events.js';

type Shape = string | { readonly [id: string]: readonly Shape[] };

const shape = (nodes: readonly ProcessTreeNode[]): readonly Shape[] =>
  nodes.map((node) => (node.type === 'supervisor' ? { [node.id]: shape(node.children) } : node.id));

const model = evolveAll(
  emptyModel(() => 0),
  stamped([
    ...server('lone'),
    ...supervisor('root'),
    ...supervisor('inner'),
    { type: 'name_registered', name: 'the inner one', id: 'inner' },
    ...server('w1'),
    ...server('w2'),
    { type: 'child_started', supervisorId: 'inner', childId: 'w1', id: 'w1' },
    { type: 'child_started', supervisorId: 'root', childId: 'w2', id: 'w2' },
    { type: 'child_started', supervisorId: 'root', childId: 'inner', id: 'inner' },
  ]),
);

describe('the tree', () => {
  test('has the children beneath their supervisors, supervisors first', () => {
    const tree = processTree(model.servers.rows, model.supervisors.rows);
    expect(shape(tree)).toEqual([{ root: [{ inner: ['w1'] }, 'w2'] }, 'lone']);
  });

  test('shows each process with its row, and its name where it has one', () => {
    const [root] = processTree(model.servers.rows, model.supervisors.rows);
    const inner = root?.type === 'supervisor' ? root.children[0] : undefined;
    expect(inner).toMatchObject({ type: 'supervisor', id: 'inner', name: 'the inner one' });
    expect(inner?.stats).toBe(model.supervisors.get('inner'));
    expect(root !== undefined && 'name' in root).toBe(false);
  });

  test('has a process whose supervisor is not among the rows at its root', () => {
    const rootless = model.supervisors.rows.filter(({ id }) => id !== 'root');
    expect(shape(processTree(model.servers.rows, rootless))).toEqual([{ inner: ['w1'] }, 'lone', 'w2']);
  });

  test('of nothing is empty', () => {
    expect(processTree([], [])).toEqual([]);
  });

  test('of a snapshot is computed when read, once', () => {
    const snapshot = snapshotOf(
      model,
      { timestamp: 0, monotonic: 0 },
      { heapUsed: 0, heapTotal: 0, external: 0, rss: 0, timestamp: 0 },
    );
    expect(snapshot.tree).toBe(snapshot.tree);
    expect(JSON.parse(JSON.stringify(snapshot)).tree).toHaveLength(2);
  });
});
