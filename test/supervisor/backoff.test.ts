import { beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRef } from '../../src/process/process-refs.js';
import { alive, childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

const backoff = { minMs: 100, maxMs: 1000 };
const restartIntensity = { maxRestarts: 100, withinMs: 60_000, backoff };

describe('the restart back-off', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  const crash = async (sup: ProcessRef, id: string): Promise<void> => {
    runtime.GenServer.cast(childOf(runtime, { id: sup.id, life: sup.life }, id), 'boom');
    await runtime.settle();
  };

  /** How long the child was down, ms. */
  const downFor = async (sup: ProcessRef, id: string): Promise<number> => {
    let ms = 0;
    for (; !alive(runtime, sup).includes(id); ms += 10) await runtime.advance(10);
    return ms;
  };

  test('waits longer each time, up to its limit, and not at all before the first restart', async () => {
    const sup = await runtime.Supervisor.start({ restartIntensity, children: [fixture.worker('a')] });
    const waits: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      await crash(sup, 'a');
      waits.push(await downFor(sup, 'a'));
    }
    expect(waits).toEqual([0, 100, 200, 400, 800, 1000]);
  });

  test('begins again when the restarts lie outside the window', async () => {
    const intensity = { ...restartIntensity, withinMs: 1000 };
    const sup = await runtime.Supervisor.start({ restartIntensity: intensity, children: [fixture.worker('a')] });
    await crash(sup, 'a');
    await crash(sup, 'a');
    expect(await downFor(sup, 'a')).toBe(100);
    await runtime.advance(1001);
    await crash(sup, 'a');
    expect(await downFor(sup, 'a')).toBe(0);
  });

  test('the supervisor goes on meanwhile: other children restart, and the waiting one may be terminated', async () => {
    const { Supervisor } = runtime;
    const children = [fixture.worker('a'), fixture.worker('b'), fixture.worker('c')];
    const sup = await Supervisor.start({
      restartIntensity: { ...restartIntensity, backoff: { minMs: 5000, maxMs: 5000 } },
      children,
    });
    await crash(sup, 'a');
    await crash(sup, 'a');
    expect(alive(runtime, sup)).toEqual(['b', 'c']);
    await expect(Supervisor.restartChild(sup, 'a')).rejects.toMatchObject({ name: 'ChildRestartingError' });
    await Supervisor.terminateChild(sup, 'a');
    await runtime.advance(10_000);
    expect(alive(runtime, sup)).toEqual(['b', 'c']);
    await Supervisor.restartChild(sup, 'a');
    expect(alive(runtime, sup).toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('a group is down together, and comes back in order', async () => {
    const children = [fixture.worker('a'), fixture.worker('b')];
    const sup = await runtime.Supervisor.start({ strategy: 'one_for_all', restartIntensity, children });
    await crash(sup, 'a');
    await crash(sup, 'b');
    expect(alive(runtime, sup)).toEqual([]);
    fixture.newEntries();
    await runtime.advance(100);
    expect(alive(runtime, sup)).toEqual(['a', 'b']);
    expect(fixture.newEntries()).toEqual(['+a', '+b']);
  });

  test('a supervisor that stops does not wait', async () => {
    const sup = await runtime.Supervisor.start({ restartIntensity, children: [fixture.worker('a')] });
    await crash(sup, 'a');
    await crash(sup, 'a');
    await runtime.Supervisor.stop(sup);
    await runtime.advance(1000);
    expect(runtime.Observer.getProcessCount()).toBe(0);
  });

  test.each([
    [{ minMs: 0, maxMs: 10 }, 'restartIntensity.backoff.minMs'],
    [{ minMs: 10, maxMs: 5 }, 'restartIntensity.backoff.maxMs'],
    [{ minMs: 10, maxMs: 10, factor: 0.5 }, 'restartIntensity.backoff.factor'],
    [{ minMs: 10, maxMs: 10, jitter: 1 }, 'jitter'],
    [null, 'restartIntensity.backoff'],
  ])('%j is refused: %s', async (bad, field) => {
    const intensity = { maxRestarts: 1, withinMs: 1, backoff: bad as never };
    await expect(runtime.Supervisor.start({ restartIntensity: intensity })).rejects.toThrow(field);
  });
});
