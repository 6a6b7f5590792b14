import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/clock.js';
import { ChildHost, type LeaderClaim } from '../../src/distributed-supervisor/child-host.js';
import { sentSpec } from '../../src/distributed-supervisor/sent-spec.js';
import { AlreadyRegisteredError, BehaviorNotRegisteredError } from '../../src/errors.js';
import type { TerminationReason } from '../../src/process/gen-server-types.js';
import { turn } from '../helpers/event-loop.js';

const claim = (node: string, at = 1): LeaderClaim => ({ node, life: `${node}1`, processId: 'p1', at, sequence: 1 });
const [A, B] = [claim('A'), claim('B', 2)];
const spec = sentSpec({ id: 'x', behavior: 'worker', name: 'global' });

/** A host whose processes start at once, and end when they are asked to. */
function host(isClosed = false) {
  const clock = new SimulatedClock();
  const sent: string[] = [];
  const stopped: string[] = [];
  const starts: { resolve(processId: string): void; reject(error: Error): void; isAborted: boolean }[] = [];
  const exits = new Map<string, (reason: TerminationReason) => void>();
  const end = (processId: string, reason: TerminationReason): void => {
    const exit = exits.get(processId);
    exits.delete(processId);
    exit?.(reason);
  };
  const children = new ChildHost(
    {
      send: (leader, message) => {
        const { type, childId, placement, isHandedOver, cause } = { childId: '', ...message } as Record<
          string,
          unknown
        >;
        sent.push([leader.node, type, childId, placement, isHandedOver, cause].filter((each) => each ?? '').join(' '));
      },
      start: () => {
        let settle = { resolve: (_processId: string): void => undefined, reject: (_error: Error): void => undefined };
        const started = new Promise<string>((resolve, reject) => {
          settle = { resolve, reject };
        });
        const start = { ...settle, isAborted: false };
        starts.push(start);
        return {
          started,
          exitReason: () => undefined,
          abort: () => {
            start.isAborted = true;
          },
        };
      },
      watch: (processId, onExit) => {
        exits.set(processId, onExit);
        return () => undefined;
      },
      stop: async (processId) => {
        await turn();
        end(processId, 'shutdown');
      },
      kill: (processId) => end(processId, 'killed'),
      after: (ms, action) => {
        const timer = clock.setTimeout(action, ms);
        return () => clock.clearTimeout(timer);
      },
      refusal: () => undefined,
      onUnused: () => void stopped.push('unused'),
      onStarted: () => undefined,
      onStopped: (childId, processId, why) => void stopped.push(`${childId} ${processId} ${why}`),
    },
    isClosed,
  );
  const place = (leader: LeaderClaim, placement = 1): void =>
    children.receive(leader, {
      type: 'place',
      placement,
      childId: 'x',
      spec,
      restarts: 0,
      lastNode: null,
      orphanTimeout: 30_000,
    });
  const run = async (leader: LeaderClaim, processId: string): Promise<void> => {
    place(leader);
    starts.at(-1)?.resolve(processId);
    await turn();
  };
  return { children, clock, sent, stopped, starts, exits, end, place, run };
}

describe('the children of a distributed supervisor on one node', () => {
  test('start when the leader asks, and their ends are reported', async () => {
    const { children, sent, run, end } = host();
    children.follow(A, [], false);
    await run(A, 'p1');
    end('p1', 'normal');
    expect(sent).toEqual(['A obeying', 'A placed 1', 'A exited']);
    expect(children.isEmpty).toBe(true);
  });

  test('start for no other instance, which learns of it once', () => {
    const { children, sent, place } = host();
    children.follow(A, [B], false);
    children.follow(A, [B], false);
    place(B);
    expect(sent).toEqual(['A obeying', 'B refused', 'B refused 1']);
  });

  test('are reported to each new leader', async () => {
    const { children, sent, run } = host();
    children.follow(A, [], false);
    await run(A, 'p1');
    sent.length = 0;
    children.follow(B, [], false);
    expect(sent).toEqual(['B hosted x', 'B obeying']);
  });

  test('that are still starting are aborted when the leader changes, and not reported', async () => {
    const { children, sent, starts, place, end } = host();
    children.follow(A, [], false);
    place(A);
    children.follow(B, [], false);
    starts[0]?.resolve('p1');
    await turn();
    end('p1', 'killed');
    expect(starts[0]?.isAborted).toBe(true);
    expect(sent).toEqual(['A obeying', 'B obeying']);
  });

  test.each([
    [new BehaviorNotRegisteredError('worker'), 'unusable'],
    [new BehaviorNotRegisteredError('another'), 'other'],
    [new AlreadyRegisteredError('global', 'p9'), 'name_taken'],
    [new AlreadyRegisteredError('another', 'p9'), 'other'],
    [new Error('boom'), 'other'],
  ])('that cannot start are reported with the cause: %s', async (error, cause) => {
    const { children, sent, starts, place } = host();
    children.follow(A, [], false);
    place(A);
    starts[0]?.reject(error);
    await turn();
    expect(sent.at(-1)).toBe(`A failed 1 ${cause}`);
  });

  test('run on without a leader until the orphan timeout', async () => {
    const { children, clock, stopped, run } = host();
    children.follow(A, [], false);
    await run(A, 'p1');
    children.follow(undefined, [], false);
    clock.advance(29_999);
    expect(stopped).toEqual([]);
    clock.advance(1);
    expect(stopped).toEqual(['x p1 orphaned']);
    await turn();
    expect(children.isEmpty).toBe(true);
  });

  test('are kept when a leader returns in time', async () => {
    const { children, clock, stopped, run } = host();
    children.follow(A, [], false);
    await run(A, 'p1');
    children.follow(undefined, [], false);
    clock.advance(20_000);
    children.follow(A, [], false);
    clock.advance(60_000);
    expect(stopped).toEqual([]);
  });

  test('end at once when no other instance can follow the leader', async () => {
    const { children, stopped, run } = host();
    children.follow(A, [], false);
    await run(A, 'p1');
    children.follow(undefined, [], true);
    expect(stopped).toEqual(['x p1 orphaned']);
  });

  test('that end for an earlier leader are reported as handed over: they did not finish', async () => {
    const { children, sent, run } = host();
    children.follow(A, [], false);
    await run(A, 'p1');
    children.receive(A, { type: 'stop', processId: 'p1', isDuplicate: true });
    children.follow(B, [], false);
    await turn();
    await turn();
    expect(sent.slice(-3)).toEqual(['B hosted x', 'B obeying', 'B exited true']);
  });

  test('are handed over when the node leaves, also to a leader that it sees only then', async () => {
    const { children, sent, stopped, run, place } = host();
    children.follow(A, [], false);
    await run(A, 'p1');
    sent.length = 0;
    const closed = children.close('handed_over');
    children.follow(B, [], false);
    place(B, 2);
    await closed;
    expect(sent).toEqual(['A refused', 'B hosted x', 'B obeying', 'B refused', 'B refused 2', 'B exited true']);
    expect(stopped).toEqual(['x p1 handed_over']);
  });

  test('start again when the node returns', () => {
    const { children, sent, starts, place } = host(true);
    children.follow(A, [], false);
    place(A);
    expect(sent).toEqual(['A obeying', 'A refused', 'A refused 1']);
    children.reopen();
    place(A);
    expect(starts).toHaveLength(1);
  });
});
