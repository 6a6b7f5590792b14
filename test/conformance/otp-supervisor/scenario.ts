import { readFileSync } from 'node:fs';
import type { GenServerRef } from '../../../src/process/process-refs.js';
import type { AutoShutdown, ChildSpec } from '../../../src/supervisor/child-spec.js';
import type { RestartType } from '../../../src/supervisor/strategy.js';
import type { SupervisorStrategy } from '../../../streams/events.js';
import { boom } from '../../helpers/servers.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

type End = 'crash' | 'normal' | 'shutdown';

interface RecordedChild {
  readonly id: string;
  readonly restart: RestartType;
  readonly significant: boolean;
}

type Op =
  | { readonly op: 'ends'; readonly list: readonly (readonly [id: string, how: End])[] }
  | { readonly op: 'fail'; readonly id: string; readonly n: number }
  | { readonly op: 'terminate' | 'restart'; readonly id: string }
  | ({ readonly op: 'add' } & RecordedChild);

/** What a supervisor did in one step, in order, and its children after that. */
interface Step {
  readonly log: readonly string[];
  readonly children: string;
}

/** One recorded life of a supervisor. `expected` has one step for the start, then one for each of `ops`. */
export interface Scenario {
  readonly n: number;
  readonly strategy: SupervisorStrategy;
  readonly autoShutdown: AutoShutdown;
  readonly maxRestarts: number;
  readonly children: readonly RecordedChild[];
  readonly ops: readonly Op[];
  readonly expected: readonly Step[];
}

export function recordedScenarios(): readonly Scenario[] {
  return JSON.parse(readFileSync(new URL('scenarios.json', import.meta.url), 'utf8'));
}

/** The same life, lived by a supervisor of noex. Ends where that ends. */
export async function replay(scenario: Scenario): Promise<readonly Step[]> {
  const { GenServer, Supervisor, settle } = createTestRuntime();
  let log: string[] = [];
  const failures = new Map<string, number>();

  const specOf = ({ id, restart, significant }: RecordedChild): ChildSpec => ({
    id,
    restart,
    significant,
    async start() {
      const left = failures.get(id) ?? 0;
      failures.set(id, left - 1);
      log.push(`${left > 0 ? '!' : '+'}${id}`);
      if (left > 0) throw boom;
      return GenServer.start<null, never, End, never>({
        init: () => null,
        handleCall() {
          throw boom;
        },
        handleCast() {
          throw boom;
        },
        terminate(reason) {
          log.push(`-${id}:${typeof reason === 'string' ? reason : 'crash'}`);
        },
      });
    },
  });

  const { strategy, autoShutdown, maxRestarts, ops } = scenario;
  const supervisor = await Supervisor.start({
    strategy,
    autoShutdown,
    // The clock stands still: no restart is ever forgotten.
    restartIntensity: { maxRestarts, withinMs: 1 },
    children: scenario.children.map(specOf),
  });

  const end = (id: string, how: End): void => {
    const ref = Supervisor.getChild(supervisor, id)?.ref as GenServerRef<null, never, End, never> | undefined;
    if (ref === undefined) return;
    if (how === 'crash') GenServer.cast(ref, how);
    else void GenServer.stop(ref, how);
  };

  const apply = async (op: Op): Promise<void> => {
    switch (op.op) {
      case 'ends':
        for (const [id, how] of op.list) end(id, how);
        return;
      case 'fail':
        failures.set(op.id, op.n);
        return;
      case 'terminate':
        // A recording terminates children by their id, known or not.
        await Supervisor.terminateChild(supervisor, op.id).catch(() => undefined);
        return;
      case 'restart': {
        const child = Supervisor.getChild(supervisor, op.id);
        if (child === undefined || child.ref !== undefined) return;
        await Supervisor.restartChild(supervisor, op.id).catch(() => undefined);
        return;
      }
      case 'add':
        if (Supervisor.getChild(supervisor, op.id) !== undefined) return;
        await Supervisor.startChild(supervisor, specOf(op)).catch(() => undefined);
    }
  };

  const step = async (): Promise<Step> => {
    await settle();
    const children = Supervisor.isRunning(supervisor)
      ? Supervisor.getChildren(supervisor)
          .map(({ id, ref }) => `${id}=${ref === undefined ? 'down' : 'up'}`)
          .join(' ')
      : 'dead';
    const done = { log, children };
    log = [];
    return done;
  };

  const steps = [await step()];
  for (const op of ops) {
    if (steps.at(-1)?.children === 'dead') break;
    await apply(op);
    steps.push(await step());
  }
  return steps;
}
