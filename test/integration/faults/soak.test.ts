import { afterEach, expect, test } from 'vitest';
import { QUICK, secured } from '../../soak/conditions.js';
import { schedule } from '../../soak/schedule.js';
import { Soak } from '../../soak/soak.js';
import { Tally } from '../../soak/tally.js';

const SEED = 4;
const NAMES = ['nodeA', 'nodeB', 'nodeC'];
const STEPS = 3;
const CONDITIONS = secured(QUICK);

let soak: Soak;

afterEach(() => soak.lab.end());

test('a short soak of the demo comes to its end, and says what it did', async () => {
  const tally = new Tally(SEED, NAMES);
  soak = new Soak(NAMES, CONDITIONS, tally);
  await soak.start();
  const steps = schedule(SEED, NAMES);
  for (let at = 0; at < STEPS; at += 1) await soak.step(steps.next().value);
  await soak.stop();
  const summary = tally.summary(NAMES.length, CONDITIONS, 0);
  expect(summary).toContain(`| seed | ${SEED} |`);
  expect(summary).toContain('| faults | 4 |');
  expect(summary).toMatch(/\| messages between nodes, handled \| [1-9]/);
  expect(summary).toMatch(/\| calls between nodes, answered \| [1-9]/);
  expect(summary).toMatch(/\| registrations of global names: resolved, rejected \| [1-9]/);
  expect(summary).toMatch(/\| starts of children, of which on another node \| [1-9]/);
});
