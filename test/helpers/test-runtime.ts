import { SimulatedClock, type Timer } from '../../src/clock.js';
import type { ProcessRef } from '../../src/process/process-refs.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { Runtime, RuntimeOptions } from '../../src/runtime/runtime-options.js';
import type { RuntimeEvent } from '../../streams/events.js';
import { turn } from './event-loop.js';

/** A simulated clock that knows how many of its timers are still to fire. */
export class CountingClock extends SimulatedClock {
  readonly #pending = new Set<Timer>();

  get pending(): number {
    return this.#pending.size;
  }

  override setTimeout(callback: () => void, ms: number): Timer {
    const timer = super.setTimeout(() => {
      this.#pending.delete(timer);
      callback();
    }, ms);
    this.#pending.add(timer);
    return timer;
  }

  override clearTimeout(timer: Timer): void {
    this.#pending.delete(timer);
    super.clearTimeout(timer);
  }
}

export interface TestRuntime extends Runtime {
  readonly clock: CountingClock;
  /** Every fact since the beginning. */
  readonly events: readonly RuntimeEvent[];
  /** What listeners threw. */
  readonly errors: readonly unknown[];
  /** The ref of the process with this id, which has started. */
  refOf(id: string): ProcessRef;
  /** Resolves when nothing happens any more by itself. */
  settle(): Promise<void>;
  /** Lets all be done that is to be done now, moves the clock, and lets all be done that follows. */
  advance(ms: number): Promise<void>;
  /** The facts of one type. */
  eventsOf<Type extends RuntimeEvent['type']>(type: Type): readonly Extract<RuntimeEvent, { type: Type }>[];
}

/** A runtime on a simulated clock, with a record of all that happens in it. */
export function createTestRuntime({ reporter = false }: Pick<RuntimeOptions, 'reporter'> = {}): TestRuntime {
  const clock = new CountingClock();
  const events: RuntimeEvent[] = [];
  const errors: unknown[] = [];
  const runtime = createRuntime({ clock, reporter, onError: (error) => errors.push(error) });
  runtime.Observer.events$.subscribe((event) => events.push(event));
  let life = '';
  const learn = (event: { readonly type: string; readonly ref: ProcessRef }): void => {
    life = event.ref.life;
  };
  runtime.GenServer.onLifecycleEvent(learn);
  runtime.Supervisor.onLifecycleEvent(learn);

  const settle = async (): Promise<void> => {
    // Work that is left over for the next turn emits events in it; a few silent turns mean there is none.
    for (let silent = 0; silent < 4; ) {
      const before = events.length;
      await turn();
      runtime.Observer.getProcessCount(); // flushes, so that nothing waits for a timer
      silent = events.length === before ? silent + 1 : 0;
    }
  };

  return {
    ...runtime,
    clock,
    events,
    errors,
    refOf: (id) => ({ id, life }),
    settle,
    async advance(ms) {
      await settle();
      clock.advance(ms);
      await settle();
    },
    eventsOf<Type extends RuntimeEvent['type']>(type: Type) {
      return events.filter((event): event is Extract<RuntimeEvent, { type: Type }> => event.type === type);
    },
  };
}
