import { describe, expect, test } from 'vitest';
import {
  emptyMembership,
  forget,
  learned,
  left,
  linkDown,
  linkUp,
  type Membership,
  type Outcome,
} from '../../src/cluster/membership.js';
import { NodeId } from '../../src/cluster/node-id.js';

const id = NodeId.parse('nodeB@127.0.0.1:4370');
const first = { id, incarnation: 1 };
const second = { id, incarnation: 2 };

type Step = (state: Membership) => Outcome;
const up =
  (peer: typeof first, now = 0): Step =>
  (state) =>
    linkUp(state, peer, now);
const down =
  (now = 0): Step =>
  (state) =>
    linkDown(state, id, 'connection_closed', now);
const gossip =
  (peer: typeof first, now = 0): Step =>
  (state) =>
    learned(state, [peer], now);
const leave =
  (now = 0): Step =>
  (state) =>
    left(state, id, now);
const pass =
  (now: number): Step =>
  (state) =>
    forget(state, now, 60_000);

function given(...steps: Step[]): Membership {
  return steps.reduce((state, step) => step(state).state, emptyMembership);
}

function when(state: Membership, step: Step): { readonly changes: readonly string[]; readonly status: string } {
  const outcome = step(state);
  return {
    changes: outcome.changes.map((change) => `${change.type} ${change.incarnation}`),
    status: outcome.state.members.get(id)?.status ?? 'unknown',
  };
}

describe('membership', () => {
  test('given no member, when there is a link, then it is up', () => {
    expect(when(emptyMembership, up(first))).toEqual({ changes: ['up 1'], status: 'connected' });
  });

  test('given a link, when there is another one with the same incarnation, then that is the only change', () => {
    const state = given(up(first));
    expect(up(first)(state).state).toBe(state);
    expect(when(state, up(first)).changes).toEqual(['relinked 1']);
  });

  test('given a link, when there is one with a new incarnation, then the old one goes down before', () => {
    expect(when(given(up(first)), up(second))).toEqual({ changes: ['down 1', 'up 2'], status: 'connected' });
  });

  test('given a lost link, when it is lost once more, then nothing changes', () => {
    expect(when(given(up(first)), down())).toEqual({ changes: ['down 1'], status: 'disconnected' });
    expect(when(given(up(first), down()), down()).changes).toEqual([]);
    expect(when(emptyMembership, down())).toEqual({ changes: [], status: 'unknown' });
  });

  test('given no member, when gossip announces it, then it is connecting, and once only', () => {
    expect(when(emptyMembership, gossip(first))).toEqual({ changes: ['learned 1'], status: 'connecting' });
    expect(when(given(gossip(first)), gossip(second))).toEqual({ changes: [], status: 'connecting' });
  });

  test('given a link, when gossip announces another incarnation, then the link is right', () => {
    const state = given(up(second));
    expect(gossip(first)(state).state).toBe(state);
    expect(gossip({ id, incarnation: 3 })(state).state).toBe(state);
  });

  test('given a link, when it leaves, then it is down and gone', () => {
    expect(when(given(up(first)), leave())).toEqual({ changes: ['down 1', 'left 1'], status: 'unknown' });
    expect(left(given(up(first)), id, 0).changes[0]).toMatchObject({ reason: 'graceful_shutdown' });
    expect(when(given(up(first), down()), leave()).changes).toEqual(['left 1']);
  });

  test('given that it left, when gossip announces the same incarnation or an older one, then it stays gone', () => {
    const state = given(up(second), leave(0));
    expect(when(state, gossip(second, 59_999))).toEqual({ changes: [], status: 'unknown' });
    expect(when(state, gossip(first, 59_999))).toEqual({ changes: [], status: 'unknown' });
    expect(when(state, gossip({ id, incarnation: 3 })).changes).toEqual(['learned 3']);
    expect(when(state, up(second)).changes).toEqual(['up 2']);
  });

  test('given that it left long ago, when gossip announces it, then it is known again', () => {
    expect(when(given(up(first), leave(0), pass(60_000)), gossip(first)).changes).toEqual(['learned 1']);
    expect(when(given(up(first), leave(0), pass(59_999)), gossip(first)).changes).toEqual([]);
  });

  test.each([
    ['died', given(up(first), down(1000))],
    ['was never reached', given(gossip(first, 1000))],
    ['was last announced', given(up(first), down(0), gossip(first, 1000))],
  ])('given that it %s at one second, it is forgotten a minute later', (_, state) => {
    expect(when(state, pass(60_999)).changes).toEqual([]);
    expect(when(state, pass(61_000))).toEqual({ changes: ['forgotten 1'], status: 'unknown' });
  });

  test('given a link, when it is lost, then its roles are still known, but not as those of another incarnation', () => {
    const description = { roles: ['worker'], metadata: { zone: 'a' } };
    const linked = linkUp(emptyMembership, first, 0, description).state;
    const rolesAfter = (...steps: Step[]): readonly string[] | undefined =>
      steps.reduce((state, step) => step(state).state, linked).members.get(id)?.roles;
    expect(linked.members.get(id)).toMatchObject(description);
    expect(rolesAfter(up(first))).toEqual(['worker']);
    expect(rolesAfter(down(), gossip(first))).toEqual(['worker']);
    expect(rolesAfter(down(), gossip(second))).toEqual([]);
    expect(rolesAfter(up(second))).toEqual([]);
  });

  test('given a link, however old, it is not forgotten', () => {
    expect(when(given(up(first, 0)), pass(1e9))).toEqual({ changes: [], status: 'connected' });
  });
});
