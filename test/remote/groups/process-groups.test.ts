import { describe, expect, test } from 'vitest';
import { NoGroupMembersError, NotSerializableError } from '../../../src/errors.js';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import { noReply } from '../../../src/process/handler-result.js';
import type { ProcessRef } from '../../../src/process/process-refs.js';
import { type ObservedNode, threeNodes } from '../../helpers/observed-cluster.js';
import { rejectionOf } from '../../helpers/rejections.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

/** Answers with its name; `silent` it does not answer, `fail` it crashes. */
function worker(name: string, casts: unknown[] = []): GenServerBehavior<null, unknown, unknown, unknown> {
  return {
    init: () => null,
    handleCall(message, state) {
      if (message === 'silent') return noReply(state);
      if (message === 'fail') throw new RangeError('out of stock');
      return [name, state];
    },
    handleCast(message, state) {
      casts.push([name, message]);
      return state;
    },
  };
}

async function memberOf(node: ObservedNode, group: string, name: string, casts?: unknown[]): Promise<ProcessRef> {
  const ref = await node.GenServer.start(worker(name, casts));
  node.ProcessGroups.join(group, ref);
  return ref;
}

describe('a group', () => {
  test('has the members of all connected nodes, those of the own node first', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const onA = await memberOf(a, 'workers', 'a');
    const onB = await memberOf(b, 'workers', 'b');
    await cluster.run(50);
    expect(a.ProcessGroups.members('workers')).toEqual([onA, onB]);
    expect(b.ProcessGroups.members('workers')).toEqual([onB, onA]);
    expect(new Set(c.ProcessGroups.members('workers'))).toEqual(new Set([onA, onB]));
    expect(b.ProcessGroups.localMembers('workers')).toEqual([onB]);
    expect(c.ProcessGroups.localMembers('workers')).toEqual([]);
    expect(c.ProcessGroups.which()).toEqual(['workers']);
  });

  test('counts joins: a process that joined twice is there twice, and leaves twice', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await memberOf(a, 'workers', 'a');
    a.ProcessGroups.join('workers', ref);
    await cluster.run(50);
    expect(b.ProcessGroups.members('workers')).toEqual([ref, ref]);
    expect(a.ProcessGroups.leave('workers', ref)).toBe(true);
    expect(a.ProcessGroups.leave('workers', ref)).toBe(true);
    expect(a.ProcessGroups.leave('workers', ref)).toBe(false);
    await cluster.run(50);
    expect(b.ProcessGroups.members('workers')).toEqual([]);
    expect(b.ProcessGroups.which()).toEqual([]);
  });

  test('loses a member that ends, and those of a node that is lost; and has them again with the node', async () => {
    const [cluster, a, b] = await threeNodes();
    const onA = await memberOf(a, 'workers', 'a');
    const ending = await memberOf(a, 'workers', 'a2');
    a.ProcessGroups.join('others', ending);
    const onB = await memberOf(b, 'workers', 'b');
    a.GenServer.kill(ending);
    await cluster.run(50);
    expect(b.ProcessGroups.members('workers')).toEqual([onB, onA]);
    expect(b.ProcessGroups.which()).toEqual(['workers']);
    cluster.network.cut(a.address, b.address);
    await cluster.run(20_000);
    expect(b.ProcessGroups.members('workers')).toEqual([onB]);
    expect(a.ProcessGroups.members('workers')).toEqual([onA]);
    cluster.network.heal();
    await cluster.run(30_000);
    expect(b.ProcessGroups.members('workers')).toEqual([onB, onA]);
    expect(a.ProcessGroups.members('workers')).toEqual([onA, onB]);
  });

  test('is known to a node that joins later', async () => {
    const [cluster, a] = await threeNodes();
    const onA = await memberOf(a, 'workers', 'a');
    const d = await cluster.start('nodeD');
    await cluster.run(3000);
    expect(d.ProcessGroups.members('workers')).toEqual([onA]);
  });

  test('takes only running processes of its own runtime as members', async () => {
    const [, a, b] = await threeNodes();
    const onB = await b.GenServer.start(worker('b'));
    expect(() => a.ProcessGroups.join('workers', onB)).toThrow(/does not belong to this runtime/);
    const ended = await a.GenServer.start(worker('a'));
    await a.GenServer.stop(ended);
    expect(() => a.ProcessGroups.join('workers', ended)).toThrow(/is not running/);
    expect(() => a.ProcessGroups.join('', onB)).toThrow(/^group must be/);
    expect(() => a.ProcessGroups.join('x'.repeat(201), onB)).toThrow(/^group must be/);
  });

  test('has a stream of its members: now, and after each change', async () => {
    const [cluster, a, b] = await threeNodes();
    const seen: number[] = [];
    const watching = b.ProcessGroups.members$('workers').subscribe((members) => seen.push(members.length));
    const onA = await memberOf(a, 'workers', 'a');
    await cluster.run(50);
    await memberOf(b, 'workers', 'b');
    await cluster.run(50);
    await memberOf(b, 'others', 'b2');
    a.GenServer.kill(onA);
    await cluster.run(50);
    watching.unsubscribe();
    await memberOf(b, 'workers', 'b3');
    expect(seen).toEqual([0, 1, 2, 1]);
  });
});

describe('call', () => {
  test('calls one member: each in turn, or one of the own node', async () => {
    const [cluster, a, b, c] = await threeNodes();
    for (const [node, name] of [
      [a, 'a'],
      [b, 'b'],
      [c, 'c'],
    ] as const)
      await memberOf(node, 'workers', name);
    await cluster.run(50);
    const calls = async (pick?: 'round_robin' | 'random' | 'least_queue') => {
      const replies: unknown[] = [];
      for (let i = 0; i < 6; i += 1) {
        replies.push(await cluster.settle(a.ProcessGroups.call('workers', 'hi', pick && { pick })));
      }
      return replies;
    };
    expect(await calls()).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);
    expect((await calls('round_robin')).sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    expect(new Set(await calls('random')).size).toBeGreaterThan(0);
  });

  test('with least_queue goes to the member with the fewest unanswered calls from here', async () => {
    const [cluster, a, b] = await threeNodes();
    await memberOf(a, 'workers', 'a');
    await memberOf(b, 'workers', 'b');
    await cluster.run(50);
    const options = { pick: 'least_queue', timeout: 60_000 } as const;
    const waiting = a.ProcessGroups.call('workers', 'silent', options).catch((error: unknown) => error);
    const busy = await cluster.settle(a.ProcessGroups.call('workers', 'hi', options));
    for (let i = 0; i < 3; i += 1)
      expect(await cluster.settle(a.ProcessGroups.call('workers', 'hi', options))).toBe(busy);
    await cluster.run(61_000);
    expect(await waiting).toMatchObject({ code: 'NOEX_CALL_TIMEOUT' });
  });

  test('tries the next member when one has certainly not handled it, and never when one may have', async () => {
    const [cluster, a, b] = await threeNodes();
    const onB = await memberOf(b, 'workers', 'b');
    await memberOf(a, 'workers', 'a');
    await cluster.run(50);
    // Its end is not known on the other node yet.
    b.GenServer.kill(onB);
    for (let i = 0; i < 2; i += 1)
      expect(await cluster.settle(a.ProcessGroups.call('workers', 'hi', { pick: 'round_robin' }))).toBe('a');
    const failing = await rejectionOf(cluster.settle(a.ProcessGroups.call('workers', 'fail')));
    expect(failing).toBeInstanceOf(RangeError);
  });

  test('of a group without members is refused', async () => {
    const { ProcessGroups } = createTestRuntime();
    const error = await rejectionOf(ProcessGroups.call('nobody', 'hi'));
    expect(error).toBeInstanceOf(NoGroupMembersError);
    expect(error).toMatchObject({ group: 'nobody', mayHaveBeenHandled: false });
    await expect(ProcessGroups.call('nobody', 'hi', { pick: 'first' as 'random' })).rejects.toMatchObject({
      field: 'pick',
    });
    await expect(ProcessGroups.call('nobody', 'hi', { picks: 'random' } as never)).rejects.toMatchObject({
      code: 'NOEX_UNKNOWN_OPTION',
    });
  });
});

describe('all members', () => {
  test('get a cast, each once', async () => {
    const [cluster, a, b] = await threeNodes();
    const casts: unknown[] = [];
    const twice = await memberOf(a, 'workers', 'a', casts);
    a.ProcessGroups.join('workers', twice);
    await memberOf(b, 'workers', 'b', casts);
    await cluster.run(50);
    expect(a.ProcessGroups.castAll('workers', 'go')).toBe(2);
    await cluster.run(50);
    expect(casts).toEqual([
      ['a', 'go'],
      ['b', 'go'],
    ]);
    expect(() => a.ProcessGroups.castAll('workers', () => 1)).toThrow(NotSerializableError);
  });

  test('are called at the same time; replies and failures come with their refs', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const onA = await memberOf(a, 'workers', 'a');
    const onB = await memberOf(b, 'workers', 'b');
    const onC = await memberOf(c, 'workers', 'c');
    await cluster.run(50);
    c.GenServer.kill(onC);
    const { replies, failures } = await cluster.settle(a.ProcessGroups.callAll<string>('workers', 'hi'));
    expect(replies).toEqual([
      { ref: onA, reply: 'a' },
      { ref: onB, reply: 'b' },
    ]);
    expect(failures).toMatchObject([{ ref: onC, error: { code: 'NOEX_SERVER_NOT_RUNNING' } }]);
    expect(await a.ProcessGroups.callAll('nobody', 'hi')).toEqual({ replies: [], failures: [] });
  });
});
