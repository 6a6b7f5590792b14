import { expectTypeOf, test } from 'vitest';
import type { LifecycleEvent } from '../../src/process/gen-server.js';
import type { GenServerRef, ProcessRef, SupervisorRef } from '../../src/process/process-refs.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { ChildSpec } from '../../src/supervisor/child-spec.js';
import type { ChildInfo } from '../../src/supervisor/supervisor.js';

const { GenServer, Supervisor } = createRuntime();
declare const worker: GenServerRef<number, 'get', 'inc', string>;
declare const sup: SupervisorRef;

test('a child may be a server of any type, or a supervisor', () => {
  expectTypeOf<{ id: string; start: () => Promise<typeof worker> }>().toExtend<ChildSpec>();
  expectTypeOf<{ id: string; start: () => Promise<SupervisorRef> }>().toExtend<ChildSpec>();
  // @ts-expect-error start gives a promise
  void Supervisor.startChild(sup, { id: 'a', start: () => worker });
});

test('start gives the ref of a supervisor, which is no ref of a server', () => {
  expectTypeOf(Supervisor.start({ children: [] })).resolves.toEqualTypeOf<SupervisorRef<never>>();
  expectTypeOf(Supervisor.start({ children: [] })).resolves.toExtend<SupervisorRef>();
  // @ts-expect-error a server has no children
  Supervisor.getChildren(worker);
  // @ts-expect-error a supervisor takes no casts
  GenServer.cast(sup, 'inc');
});

test('options and restart types are spelled out', () => {
  // @ts-expect-error no such strategy
  void Supervisor.start({ strategy: 'one_for_none' });
  // @ts-expect-error no such restart type
  void Supervisor.startChild(sup, { id: 'a', restart: 'always', start: () => Promise.resolve(worker) });
});

test('a template says what arguments it takes', () => {
  void Supervisor.start({
    strategy: 'simple_one_for_one',
    childTemplate: {
      start: (first: number, second: string) => {
        expectTypeOf([first, second]).toEqualTypeOf<(number | string)[]>();
        return Promise.resolve(worker);
      },
    },
  });
});

test('one list holds the lifecycle events of both facades', () => {
  const events: LifecycleEvent[] = [];
  GenServer.onLifecycleEvent((event) => void events.push(event));
  Supervisor.onLifecycleEvent((event) => void events.push(event));
  const forServers = (_event: LifecycleEvent<GenServerRef>) => undefined;
  const forSupervisors = (_event: LifecycleEvent<SupervisorRef>) => undefined;
  GenServer.onLifecycleEvent(forServers);
  Supervisor.onLifecycleEvent(forSupervisors);
});

test('a child is meant by its id or by its ref', () => {
  for (const request of [Supervisor.terminateChild, Supervisor.deleteChild]) {
    expectTypeOf(request(sup, 'a')).resolves.toEqualTypeOf<void>();
    expectTypeOf(request(sup, worker)).resolves.toEqualTypeOf<void>();
  }
  expectTypeOf(Supervisor.restartChild(sup, worker)).resolves.toEqualTypeOf<ProcessRef>();
  // @ts-expect-error a number is neither
  void Supervisor.deleteChild(sup, 1);
});

test('what is known of children', () => {
  expectTypeOf(Supervisor.getChildren(sup)).toEqualTypeOf<readonly ChildInfo[]>();
  expectTypeOf(Supervisor.getChild(sup, 'a')).toEqualTypeOf<ChildInfo | undefined>();
  expectTypeOf(Supervisor.getChild(sup, worker)).toEqualTypeOf<ChildInfo | undefined>();
  expectTypeOf(Supervisor.startChild(sup, ['args'])).resolves.toEqualTypeOf<ProcessRef>();
});
