import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FAULTS, type Injection, KINDS, type Step, schedule } from './schedule.js';

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const names = fc.integer({ min: 3, max: 7 }).map((count) => Array.from({ length: count }, (_, at) => `node${at}`));

function steps(of: number, nodes: readonly string[], count: number): Step[] {
  const endless = schedule(of, nodes);
  return Array.from({ length: count }, () => endless.next().value);
}

describe('what happens in a soak', () => {
  test.prop([seed, names])('is the same for the same seed', (of, nodes) => {
    expect(steps(of, nodes, 100)).toEqual(steps(of, nodes, 100));
  });

  test.prop([seed, names])('is every kind of fault, each as often as each other', (of, nodes) => {
    const faults = steps(of, nodes, 3 * KINDS.length).flatMap((step) => step.faults);
    const rounds = faults.slice(0, 3 * KINDS.length).map(({ kind }) => kind);
    for (const kind of KINDS) expect(rounds.filter((each) => each === kind)).toHaveLength(3);
  });

  test.prop([seed, names])('never restarts the first node, and hits only nodes that there are', (of, nodes) => {
    for (const { kind, node, others, ms } of steps(of, nodes, 100).flatMap(({ faults }) => faults)) {
      const { hits, lasts } = FAULTS[kind];
      expect(nodes).toContain(node);
      if (hits === 'mortal') expect(node).not.toBe(nodes[0]);
      expect(new Set([node, ...others]).size).toBe(1 + others.length);
      expect(others.length > 0).toBe(hits === 'pair' || hits === 'split');
      for (const other of others) expect(nodes).toContain(other);
      expect(ms).toBeGreaterThanOrEqual(lasts[0]);
      expect(ms).toBeLessThanOrEqual(lasts[1]);
    }
  });

  test.prop([seed, names])('is two faults at once only where one does not end with the other', (of, nodes) => {
    const ofNetwork = ({ kind }: Injection) => 'network' in FAULTS[kind];
    for (const { faults } of steps(of, nodes, 100)) {
      expect(faults.length === 1 || faults.length === 2).toBe(true);
      expect(new Set(faults.map(({ node }) => node)).size).toBe(faults.length);
      expect(faults.filter(ofNetwork).length).toBeLessThanOrEqual(1);
    }
  });
});
