import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { snapshotOf } from '../../streams/create-snapshot.js';
import { emptyModel, evolve, evolveAll } from '../../streams/node-model.js';
import type { ProcessTreeNode } from '../../streams/snapshot.js';
import { anyEvent, rowsOf } from '../helpers/events.js';

const NOW = 100;
const empty = emptyModel(() => NOW);
const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1, timestamp: NOW };
const history = fc.array(anyEvent, { maxLength: 60 });

test.prop([history])(
  'whatever the order of events, folding them never throws, and the sums are sums of rows',
  (events) => {
    const model = events.reduce(evolve, empty);
    const snapshot = snapshotOf(model, { timestamp: NOW, monotonic: NOW }, memory);
    expect(snapshot.processCount).toBe(snapshot.servers.length + snapshot.supervisors.length);
    expect(snapshot.totalMessages).toBe(snapshot.servers.reduce((sum, row) => sum + row.messageCount, 0));
    for (const row of snapshot.supervisors) {
      const children = [...snapshot.servers, ...snapshot.supervisors].filter(({ parentId }) => parentId === row.id);
      expect(row.childCount).toBeGreaterThanOrEqual(children.length);
    }
  },
);

test.prop([history])('the version grows by one with each event that changes something, and with no other', (events) => {
  let model = empty;
  for (const event of events) {
    const next = evolve(model, event);
    if (next === model) continue;
    expect(next.version).toBe(model.version + 1);
    expect(rowsOf(next)).not.toEqual(rowsOf(model));
    model = next;
  }
});

test.prop([history, fc.array(fc.nat(60))])('folding in batches gives what folding one by one gives', (events, cuts) => {
  const oneByOne = events.reduce(evolve, empty);
  const bounds = [0, ...cuts.filter((cut) => cut < events.length).sort((a, b) => a - b), events.length];
  let model = empty;
  for (let i = 1; i < bounds.length; i += 1) model = evolveAll(model, events.slice(bounds[i - 1], bounds[i]));
  expect(rowsOf(model)).toEqual(rowsOf(oneByOne));
  expect(model.version).toBe(oneByOne.version);
});

const count = (nodes: readonly ProcessTreeNode[]): number =>
  nodes.reduce((sum, node) => sum + 1 + (node.type === 'supervisor' ? count(node.children) : 0), 0);

test.prop([history])('every process stands in the tree once', (events) => {
  const snapshot = snapshotOf(events.reduce(evolve, empty), { timestamp: NOW, monotonic: NOW }, memory);
  expect(count(snapshot.tree)).toBe(snapshot.processCount);
});
