import { readFileSync } from 'node:fs';
import type { GenServerRef, ProcessRef, SupervisorRef } from '../../../src/process/process-refs.js';
import type { AutoShutdown, ChildSpec } from '../../../src/supervisor/child-spec.js';
import type { RestartType } from '../../../src/supervisor/strategy.js';
import type { SupervisorStrategy } from '../../../streams/events.js';
import { boom, never } from '../../helpers/servers.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

/** ms of the simulated clock */
const UNIT = 1000;

type End = 'crash' | 'normal' | 'shutdown';

interface RecordedChild {
  readonly id: string;
  readonly restart: RestartType;
  readonly significant: boolean;
  /** Units. */
  readonly shutdown: number | 'infinity';
}

interface RecordedWorker extends RecordedChild {
  readonly type: 'worker';
  /** How long it takes to stop, in units. */
  readonly slow: number | 'hang';
}

interface RecordedTree {
  readonly id: string;
  readonly strategy: SupervisorStrategy;
  readonly autoShutdown: AutoShutdown;
  readonly maxRestarts: number;
  /** Absent: a period that never ends. */
  readonly withinUnits?: number;
  /** For `simple_one_for_one`, the template. */
  readonly children: readonly (RecordedWorker | RecordedSupervisor)[];
}

interface RecordedSupervisor extends RecordedChild, RecordedTree {
  readonly type: 'supervisor';
}

type Op =
  | { readonly op: 'ends'; readonly parent: string; readonly list: readonly (readonly [id: string, how: End])[] }
  | { readonly op: 'fail'; readonly id: string; readonly n: number }
  | { readonly op: 'terminate' | 'restart'; readonly parent: string; readonly id: string }
  | { readonly op: 'add'; readonly id: string }
  | { readonly op: 'wait'; readonly units: number }
  | { readonly op: 'stop' };

interface Step {
  readonly log: readonly string[];
  /** The workers that had to be killed. */
  readonly killed?: readonly string[];
  readonly children: string;
  /** How long it took. */
  readonly units?: number;
}

export interface TreeScenario {
  readonly kind: 'dynamic' | 'nested' | 'slow' | 'window';
  readonly n: number;
  readonly supervisor: RecordedTree;
  readonly ops: readonly Op[];
  readonly expected: readonly Step[];
}

/** The children of a template stop all at once, in no order: neighbours of that kind are put in one. */
export function inOneOrder({ supervisor }: TreeScenario, steps: readonly Step[]): readonly Step[] {
  if (supervisor.strategy !== 'simple_one_for_one') return steps;
  const isStop = (entry: string): boolean => entry.endsWith(':shutdown');
  const ordered = (log: readonly string[]): readonly string[] => {
    const end = log.findIndex((entry) => !isStop(entry));
    if (end === 0) return log.length === 0 ? [] : [log[0] ?? '', ...ordered(log.slice(1))];
    return end < 0 ? log.toSorted() : [...log.slice(0, end).toSorted(), ...ordered(log.slice(end))];
  };
  return steps.map((step) => ({ ...step, log: ordered(step.log) }));
}

export function recordedTrees(): readonly TreeScenario[] {
  return JSON.parse(readFileSync(new URL('more-scenarios.json', import.meta.url), 'utf8'));
}

/** The same life, lived by supervisors of noex. Ends where that ends. */
export async function replayTree(scenario: TreeScenario): Promise<readonly Step[]> {
  const runtime = createTestRuntime();
  const { clock, GenServer, Supervisor, settle } = runtime;
  const isDynamic = scenario.supervisor.strategy === 'simple_one_for_one';
  const failures = new Map<string, number>();
  /** The process that was last started as this child. */
  const refs = new Map<string, ProcessRef>();
  /** The child that a process is or was, by the id of the process. */
  const labels = new Map<string, string>();
  let log: string[] = [];

  const started = async (id: string, start: () => Promise<ProcessRef>): Promise<ProcessRef> => {
    const left = failures.get(id) ?? 0;
    failures.set(id, left - 1);
    log.push(`${left > 0 ? '!' : '+'}${id}`);
    if (left > 0) throw boom;
    const ref = await start();
    refs.set(id, ref);
    labels.set(ref.id, id);
    return ref;
  };

  const startWorker = (id: string, { slow }: RecordedWorker): Promise<ProcessRef> =>
    started(id, () =>
      GenServer.start<null, never, End, never>({
        init: () => null,
        handleCall() {
          throw boom;
        },
        handleCast() {
          throw boom;
        },
        terminate(reason) {
          log.push(`-${id}:${typeof reason === 'string' ? reason : 'crash'}`);
          if (slow === 0 || typeof reason !== 'string') return undefined;
          return slow === 'hang' ? never : new Promise((resolve) => clock.setTimeout(resolve, slow * UNIT));
        },
      }),
    );

  const optionsOf = ({ restart, significant, shutdown }: RecordedChild) => ({
    restart,
    significant,
    shutdownTimeout: shutdown === 'infinity' ? Number.POSITIVE_INFINITY : shutdown * UNIT,
  });

  const specOf = (child: RecordedWorker | RecordedSupervisor): ChildSpec => ({
    id: child.id,
    ...optionsOf(child),
    start: () => (child.type === 'worker' ? startWorker(child.id, child) : started(child.id, () => startTree(child))),
  });

  const startTree = (tree: RecordedTree): Promise<SupervisorRef> => {
    const { strategy, autoShutdown, maxRestarts, withinUnits = 1, children } = tree;
    const restartIntensity = { maxRestarts, withinMs: withinUnits * UNIT };
    const [template] = children;
    if (strategy !== 'simple_one_for_one' || template?.type !== 'worker') {
      return Supervisor.start({ strategy, autoShutdown, restartIntensity, children: children.map(specOf) });
    }
    const start = (id: string) => startWorker(id, template);
    const childTemplate = { ...optionsOf(template), start };
    return Supervisor.start({ strategy, autoShutdown, restartIntensity, childTemplate });
  };

  const top = await startTree(scenario.supervisor);
  refs.set('top', top);

  const running = (id: string): ProcessRef | undefined => {
    const ref = refs.get(id);
    return ref !== undefined && GenServer.isRunning(ref) ? ref : undefined;
  };

  const end = (id: string, how: End): void => {
    const ref = running(id) as GenServerRef<null, never, End, never> | undefined;
    if (ref === undefined) return;
    if (how === 'crash') GenServer.cast(ref, how);
    else void GenServer.stop(ref, how);
  };

  const apply = async (op: Op): Promise<unknown> => {
    switch (op.op) {
      case 'ends':
        if (running(op.parent) !== undefined) for (const [id, how] of op.list) end(id, how);
        return undefined;
      case 'fail':
        return failures.set(op.id, op.n);
      case 'add':
        return running(op.id) ?? Supervisor.startChild(top, [op.id]);
      case 'terminate': {
        const parent = running(op.parent);
        const target = isDynamic ? refs.get(op.id) : op.id;
        return parent && target && Supervisor.terminateChild(parent, target);
      }
      case 'restart': {
        const parent = running(op.parent);
        // OTP refuses what runs; noex starts it afresh.
        if (parent === undefined || Supervisor.getChild(parent, op.id)?.ref !== undefined) return undefined;
        return Supervisor.restartChild(parent, op.id);
      }
      case 'wait':
        return clock.advance(op.units * UNIT);
      case 'stop':
        return Supervisor.stop(top, 'shutdown');
    }
  };

  const tree = (supervisor: SupervisorRef): string => {
    const texts = Supervisor.getChildren(supervisor).map(({ id, ref, type }) => {
      const name = isDynamic ? labels.get(ref?.id ?? '') : id;
      if (ref === undefined) return `${name}=down`;
      return type === 'supervisor' ? `${name}(${tree(ref)})=up` : `${name}=up`;
    });
    return (isDynamic ? texts.toSorted() : texts).join(' ');
  };

  let exits = 0;
  const step = async (): Promise<Step> => {
    let units = 0;
    await settle();
    for (; clock.pending > 0; units += 1) await runtime.advance(UNIT);
    const ended = runtime.eventsOf('process_exited');
    const killed = ended.slice(exits).flatMap(({ id, reason }) => (reason === 'killed' ? [labels.get(id) ?? id] : []));
    exits = ended.length;
    const done: Step = {
      log,
      ...(killed.length > 0 && { killed: killed.toSorted() }),
      children: Supervisor.isRunning(top) ? tree(top) : 'dead',
      ...(scenario.kind === 'slow' && { units }),
    };
    log = [];
    return done;
  };

  const { units: _, ...first } = await step();
  const steps: Step[] = [first];
  for (const op of scenario.ops) {
    if (steps.at(-1)?.children === 'dead') break;
    // A refusal is part of what is compared: nothing happens.
    const applied = apply(op).catch(() => undefined);
    steps.push(await step());
    await applied;
  }
  return steps;
}
