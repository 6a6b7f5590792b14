import { expectTypeOf, test } from 'vitest';
import type { GenServerRef, ProcessRef, SupervisorRef } from '../../src/process/behavior.js';
import { createRuntime } from '../../src/runtime.js';
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
  expectTypeOf(Supervisor.start({ children: [] })).resolves.toEqualTypeOf<SupervisorRef>();
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

test('what is told of children', () => {
  expectTypeOf(Supervisor.getChildren(sup)).toEqualTypeOf<readonly ChildInfo[]>();
  expectTypeOf(Supervisor.getChild(sup, 'a')).toEqualTypeOf<ChildInfo | undefined>();
  expectTypeOf(Supervisor.startChild(sup, ['args'])).resolves.toEqualTypeOf<ProcessRef>();
});
