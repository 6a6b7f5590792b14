import { describe, expect, test } from 'vitest';
import type { NodeView } from '../../../src/dashboard/view-model/cluster-view.js';
import { relativesOf } from '../../../src/dashboard/view-model/process-relatives.js';
import type { ProcessRow } from '../../../src/dashboard/view-model/view-rows.js';

function row(nodeId: string, id: string, kind: ProcessRow['kind'], fields: Partial<ProcessRow> = {}): ProcessRow {
  const start = { startedAt: 0, startedMonotonic: 0, status: 'running' } as const;
  return { key: `${nodeId} ${id}`, nodeId, id, kind, ...start, ...fields };
}

const nodeOf = (nodeId: string, processes: readonly ProcessRow[]) => ({ node: { nodeId }, processes }) as NodeView;

describe('the relatives of a process', () => {
  const local = row('a', 'p1', 'supervisor');
  const worker = row('a', 'p2', 'genserver', { parentKey: local.key });
  const jobs = { distributedSupervisor: 'jobs' };
  const atA = row('a', 'p3', 'supervisor', jobs);
  const atB = row('b', 'p1', 'supervisor', jobs);
  const child = row('b', 'p2', 'genserver', { ...jobs, childId: 'x' });
  const other = row('b', 'p3', 'genserver', { distributedSupervisor: 'mail' });
  const nodes = [nodeOf('a', [local, worker, atA]), nodeOf('b', [atB, child, other])];

  test('are its supervisor and its children, on its node', () => {
    expect(relativesOf(worker, nodes)).toEqual({ supervisors: [local], children: [] });
    expect(relativesOf(local, nodes)).toEqual({ supervisors: [], children: [worker] });
  });

  test('are on all nodes for the children and the instances of a distributed supervisor', () => {
    expect(relativesOf(child, nodes)).toEqual({ supervisors: [atA, atB], children: [] });
    expect(relativesOf(atA, nodes)).toEqual({ supervisors: [], children: [child] });
  });
});
