import { expect, test } from 'vitest';
import { readItem } from '../../../src/remote/channel-items.js';
import { GroupMembers, MAX_JOINS } from '../../../src/remote/groups/group-members.js';
import { counter } from '../../helpers/servers.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

test('a process joins a group so often at most as other nodes take it', async () => {
  const { GenServer, ProcessGroups } = createTestRuntime();
  const ref = await GenServer.start(counter);
  for (let joins = 0; joins < MAX_JOINS; joins += 1) ProcessGroups.join('workers', ref);
  expect(() => ProcessGroups.join('workers', ref)).toThrow(expect.objectContaining({ field: 'group' }));
  expect(ProcessGroups.members('workers')).toHaveLength(MAX_JOINS);
  expect(readItem(['member', 'workers', ref.id, MAX_JOINS])).not.toBe('malformed');
  for (const joins of [MAX_JOINS + 1, 2 ** 32, -1, 0.5, '1']) {
    expect(readItem(['member', 'workers', ref.id, joins])).toBe('malformed');
  }
});

test('the groups of a process are found without a look at the groups of others', () => {
  const members = new GroupMembers('life');
  for (let i = 0; i < 10; i += 1) members.set(`g${i}`, `p${i % 2}`, 1);
  members.set('g2', 'p0', 2);
  members.set('g4', 'p0', 0);
  members.set('g5', 'p0', 0);
  expect(members.groupsOf('p0')).toEqual(['g0', 'g2', 'g6', 'g8']);
  for (const group of members.groupsOf('p0')) members.set(group, 'p0', 0);
  expect(members.groupsOf('p0')).toEqual([]);
  expect(members.has('g0')).toBe(false);
  expect(members.has('g1')).toBe(true);
});

test('the turn of a group is forgotten with its last member', async () => {
  const { GenServer, ProcessGroups } = createTestRuntime();
  const worker = (name: string) =>
    GenServer.start({ init: () => name, handleCall: (_message, state) => [state, state] });
  const call = () => ProcessGroups.call('workers', 'who');
  const first = await worker('first');
  ProcessGroups.join('workers', first);
  await call();
  await GenServer.stop(first);
  for (const name of ['a', 'b']) ProcessGroups.join('workers', await worker(name));
  expect([await call(), await call(), await call()]).toEqual(['a', 'b', 'a']);
});
