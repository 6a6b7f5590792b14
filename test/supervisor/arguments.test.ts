import { describe, expect, test } from 'vitest';
import type { SupervisorRef } from '../../src/process/process-refs.js';
import type { SupervisorOptions } from '../../src/supervisor/child-spec.js';
import { counter } from '../helpers/servers.js';
import { createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

const runtime = createTestRuntime();
const fixture = createSupervisorFixture(runtime);
/** What a caller without a compiler might pass. */
const untyped = (json: string) => JSON.parse(json);
const worker = fixture.worker('a');
const template = { start: worker.start };
const withChild = (changes: object): SupervisorOptions => ({ children: [{ ...worker, ...changes }] });

describe('options of a supervisor that it cannot use are named, before anything has started:', () => {
  test.each<[string, string, SupervisorOptions]>([
    ['InvalidArgumentError', 'strategy', untyped('{ "strategy": "one_for_none" }')],
    ['InvalidArgumentError', 'autoShutdown', untyped('{ "autoShutdown": true }')],
    ['InvalidArgumentError', 'name', { name: '' }],
    ['InvalidArgumentError', 'options', untyped('null')],
    ['InvalidArgumentError', 'children', untyped('{ "children": {} }')],
    ['InvalidArgumentError', 'restartIntensity.maxRestarts', { restartIntensity: { maxRestarts: -1, withinMs: 1 } }],
    ['InvalidArgumentError', 'restartIntensity.maxRestarts', { restartIntensity: { maxRestarts: 1.5, withinMs: 1 } }],
    ['InvalidArgumentError', 'restartIntensity.withinMs', { restartIntensity: { maxRestarts: 1, withinMs: 0 } }],
    ['InvalidArgumentError', 'restartIntensity.withinMs', untyped('{ "restartIntensity": { "maxRestarts": 1 } }')],
    ['InvalidArgumentError', 'restartIntensity', untyped('{ "restartIntensity": null }')],
    ['InvalidChildSpecError', 'id', withChild({ id: '' })],
    ['InvalidChildSpecError', 'start', withChild({ start: 'me' })],
    ['InvalidChildSpecError', 'restart', withChild({ restart: 'always' })],
    ['InvalidChildSpecError', 'shutdownTimeout', withChild({ shutdownTimeout: -1 })],
    ['InvalidChildSpecError', 'shutdownTimeout', withChild({ shutdownTimeout: '5' })],
    ['InvalidChildSpecError', 'significant', withChild({ significant: 'very' })],
    ['InvalidChildSpecError', 'significant', withChild({ significant: true })],
    ['InvalidChildSpecError', 'significant', withChild({ significant: true, restart: 'transient' })],
    ['InvalidChildSpecError', 'it', untyped('{ "children": [null] }')],
    [
      'InvalidSimpleOneForOneConfigError',
      'children',
      { strategy: 'simple_one_for_one', childTemplate: template, children: [worker] },
    ],
    ['InvalidSimpleOneForOneConfigError', 'childTemplate', { childTemplate: worker }],
    ['UnknownOptionError', 'maxRestarts', untyped('{ "maxRestarts": 3 }')],
    ['UnknownOptionError', 'periodMs', untyped('{ "restartIntensity": { "maxRestarts": 1, "periodMs": 1 } }')],
    ['UnknownOptionError', 'shutdown', withChild({ shutdown: 100 })],
    ['UnknownOptionError', 'id', { strategy: 'simple_one_for_one', childTemplate: worker }],
  ])('%s: %s', async (name, field, options) => {
    const before = runtime.events.length;
    await expect(runtime.Supervisor.start(options)).rejects.toMatchObject({ name, field });
    expect(runtime.events).toHaveLength(before);
  });

  test('a template that is missing', async () => {
    await expect(runtime.Supervisor.start({ strategy: 'simple_one_for_one' })).rejects.toMatchObject({
      name: 'MissingChildTemplateError',
      code: 'NOEX_MISSING_CHILD_TEMPLATE',
    });
  });

  test('two children of one id', async () => {
    await expect(runtime.Supervisor.start({ children: [worker, worker] })).rejects.toMatchObject({
      name: 'DuplicateChildError',
      childId: 'a',
    });
  });

  test('a name that is taken', async () => {
    const { Supervisor } = createTestRuntime();
    await Supervisor.start({ name: 'taken' });
    await expect(Supervisor.start({ name: 'taken' })).rejects.toMatchObject({ name: 'AlreadyRegisteredError' });
  });
});

describe('startChild', () => {
  test('takes a spec, or for simple_one_for_one arguments, and says so', async () => {
    const { Supervisor } = runtime;
    const plain: SupervisorRef = await Supervisor.start();
    const simple: SupervisorRef = await Supervisor.start({ strategy: 'simple_one_for_one', childTemplate: template });
    await expect(Supervisor.startChild(plain, [1])).rejects.toMatchObject({
      name: 'InvalidSimpleOneForOneConfigError',
      field: 'args',
    });
    await expect(Supervisor.startChild(simple, worker)).rejects.toMatchObject({
      name: 'InvalidSimpleOneForOneConfigError',
      field: 'spec',
    });
    await expect(Supervisor.startChild(plain, { ...worker, id: '' })).rejects.toMatchObject({
      name: 'InvalidChildSpecError',
      field: 'id',
    });
  });

  test('refuses an option that does not exist, and says which there are', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start();
    const spec = { ...worker, timeout: 100 };
    await expect(Supervisor.startChild(sup, spec)).rejects.toMatchObject({
      name: 'UnknownOptionError',
      code: 'NOEX_UNKNOWN_OPTION',
      field: 'timeout',
      message:
        "unknown option 'timeout' in the spec of child 'a'; expected one of id, start, restart, shutdownTimeout, significant",
    });
    expect(Supervisor.getChildren(sup)).toEqual([]);
  });

  test('refuses a significant child where the supervisor never ends because of one', async () => {
    const { Supervisor } = runtime;
    const significant = { ...worker, restart: 'transient', significant: true } as const;
    const refused = { name: 'InvalidChildSpecError', field: 'significant' };
    const sup = await Supervisor.start();
    await expect(Supervisor.startChild(sup, significant)).rejects.toMatchObject(refused);
    const { id: _, ...childTemplate } = significant;
    const simple = Supervisor.start({ strategy: 'simple_one_for_one', childTemplate });
    await expect(simple).rejects.toMatchObject(refused);
    const other = await Supervisor.start({ autoShutdown: 'all_significant' });
    await Supervisor.startChild(other, significant);
    expect(Supervisor.countChildren(other)).toBe(1);
  });

  test.each([['nothing'], [null], [{}], [{ id: 'p999' }]])(
    'wants start to give the ref of a process, not %o',
    async (given) => {
      const { Supervisor } = runtime;
      const sup = await Supervisor.start();
      const start = async () => untyped(JSON.stringify(given));
      await expect(Supervisor.startChild(sup, { id: 'x', start })).rejects.toMatchObject({
        name: 'InvalidChildSpecError',
        field: 'start',
      });
      expect(Supervisor.getChildren(sup)).toEqual([]);
    },
  );

  test('takes no process that has a place already: a child of another, the supervisor itself, or one above it', async () => {
    const { Supervisor, GenServer } = createTestRuntime();
    const free = await GenServer.start(counter);
    const top = await Supervisor.start();
    const inner = await Supervisor.startChild(top, { id: 'inner', start: () => Supervisor.start() });
    await Supervisor.startChild(top, { id: 'free', start: async () => free });
    const supervisor = { id: inner.id, life: inner.life };
    for (const ref of [free, supervisor, top]) {
      await expect(Supervisor.startChild(supervisor, { id: 'x', start: async () => ref })).rejects.toMatchObject({
        name: 'InvalidChildSpecError',
        message: expect.stringContaining('already has a place in the supervision tree'),
      });
    }
    await Supervisor.stop(top);
    expect(GenServer.isRunning(free)).toBe(false);
  });
});
