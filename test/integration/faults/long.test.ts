import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { FaultLab } from '../../helpers/fault-lab.js';
import { eventsAbout, type FaultNode } from '../../helpers/forked-node.js';

/** All views agree again within this time, ms, with a wide margin for a busy machine. */
const BOUND_MS = 60_000;
const STOPPED_MS = 30_000;
const BLOCKED_MS = 10_000;

let lab: FaultLab;

afterEach(() => lab.end());

// Both in one cluster, at the same time: they take a while.
test('with the settings as they come, a node stopped for 30 s and one blocked for 10 s go down once, and come back once', async () => {
  lab = new FaultLab();
  const a = await lab.start('a');
  const b = await lab.start('b', ['a']);
  const patient = await lab.start('patient', ['a'], { heartbeatMissThreshold: 15 });
  const stopped = await lab.start('stopped', ['a']);
  const blocked = await lab.start('blocked', ['a']);
  const all = [a, b, patient, stopped, blocked];
  await lab.agree(all, BOUND_MS);
  const statusFor = async (node: FaultNode) => (await node.ask('view')).asked[blocked.id]?.status;

  stopped.signal('SIGSTOP');
  const end = sleep(STOPPED_MS).then(() => stopped.signal('SIGCONT'));
  const unblocked = blocked.ask('block', BLOCKED_MS);
  await eventually(BOUND_MS, async () => {
    const seen = await Promise.all([a, b, patient].map(statusFor));
    return seen.every((status) => status === 'timeout') ? undefined : `it is ${seen}`;
  });
  for (const node of [a, b, patient]) expect(eventsAbout(node, blocked)).toEqual(['up']);
  await lab.lost([a, b], blocked, BOUND_MS);
  // Each judges by its own settings.
  expect(await statusFor(patient)).toBe('timeout');
  await unblocked;
  await lab.agree([a, b, patient, blocked], BOUND_MS);
  await lab.lost([a, b, patient, blocked], stopped, BOUND_MS);
  await end;
  await lab.agree(all, BOUND_MS);

  await Promise.all(all.map((node) => node.ask('cast', 3)));
  await lab.agree(all, BOUND_MS);
  const once = ['up', 'down heartbeat_timeout', 'up'];
  for (const node of [a, b]) expect(eventsAbout(node, blocked)).toEqual(once);
  expect(eventsAbout(patient, blocked)).toEqual(['up']);
  for (const node of [a, b, patient, blocked]) expect(eventsAbout(node, stopped)).toEqual(once);
  // What they did not hear meanwhile, they do not hold against the others.
  for (const node of [a, b, patient]) expect(eventsAbout(stopped, node)).not.toContain('down heartbeat_timeout');
  for (const node of [a, b, patient]) expect(eventsAbout(blocked, node)).not.toContain('down heartbeat_timeout');
  expect(await lab.stop(all)).toEqual([]);
});
