import type { ProcessKind, UnstampedEvent } from '../../streams/events.js';
import type { Clock } from '../clock.js';
import {
  CallingSelfError,
  InitializationError,
  InvalidArgumentError,
  InvalidSimpleOneForOneConfigError,
  ServerNotRunningError,
} from '../errors.js';
import { PendingCall } from '../process/envelope.js';
import type { LifecycleEvent } from '../process/gen-server.js';
import type { TerminationReason } from '../process/gen-server-types.js';
import type { Process } from '../process/process.js';
import type { ProcessRef, SupervisorRef } from '../process/process-refs.js';
import type { ProcessTable } from '../process/process-table.js';
import { checkReason } from '../process/termination-reason.js';
import {
  type AutoShutdown,
  type ChildSpec,
  type ChildTemplate,
  checkChildSpec,
  checkSupervisorOptions,
  type SupervisorOptions,
} from './child-spec.js';
import type { Child } from './child-table.js';
import type { RestartType } from './strategy.js';
import { SupervisorBehavior } from './supervisor-behavior.js';
import type { ChildTarget, SupervisorCall, SupervisorReply } from './supervisor-messages.js';
import type { StartChild, StartSupervisor } from './supervisor-signatures.js';

export interface ChildInfo {
  /** The id in the child spec. */
  readonly id: string;
  /** `undefined` while the child does not run. */
  readonly ref: ProcessRef | undefined;
  /** `undefined` while the child does not run. */
  readonly type: ProcessKind | undefined;
  readonly restart: RestartType;
  /** Whether the end of the child may shut the supervisor down. */
  readonly significant: boolean;
  /** How often the supervisor has restarted the child. `restartChild` does not count. */
  readonly restartCount: number;
}

/**
 * The functions of `Supervisor`. A request rejects with ServerNotRunningError if the supervisor has ended, or stops
 * before it answers. While a supervisor that gave up is stopping, the `cause` is a MaxRestartsExceededError.
 *
 * A request waits while the supervisor starts a child. If that child's own `start` makes the request before its first
 * `await`, the request rejects with CallingSelfError: the start and the request would wait for each other.
 */
export interface SupervisorApi {
  /**
   * Starts a supervisor and its children in order. Resolves with the ref of the supervisor when all children run.
   *
   * Rejects with InitializationError when a child does not start; the children started before it are stopped. The
   * `cause` is a ChildStartError, and its `cause` is what the child's `start` threw. Also rejects with
   * InitializationError, without a `cause`, when the supervisor is stopped before all children run. Rejects with
   * AlreadyRegisteredError, InvalidArgumentError, UnknownOptionError, InvalidChildSpecError, DuplicateChildError,
   * MissingChildTemplateError, InvalidSimpleOneForOneConfigError or RuntimeShutdownError before anything has started.
   */
  readonly start: StartSupervisor;

  /**
   * Stops the children in reverse order, then the supervisor. Children of a template stop all at once. With reason
   * `killed`, kills all of them. Resolves when all have ended, at once if the supervisor does not run.
   *
   * `stop` does not wait for a child's `start` that is still running. If that `start` has spawned a process before its
   * first `await`, and the process is still in `init`, that process is stopped before the other children. A process
   * with which that `start` resolves afterwards is stopped as soon as it resolves.
   *
   * Rejects with ForeignRefError, InvalidArgumentError, or CallingSelfError when the supervisor is stopped from its own
   * code.
   */
  stop(ref: SupervisorRef, reason?: TerminationReason): Promise<void>;

  /**
   * Adds a child and starts it. With `simple_one_for_one`, the second argument is the array of arguments for the
   * template. Otherwise it is a child spec, which replaces a child with the same id that does not run. Resolves with
   * the ref of the child.
   *
   * Rejects with DuplicateChildError, InvalidChildSpecError, InvalidSimpleOneForOneConfigError, UnknownOptionError, or
   * what the child's `start` threw.
   */
  readonly startChild: StartChild;

  /**
   * Stops a child and cancels pending restarts of it. The child stays in the list for `restartChild`, unless it is
   * temporary or was started from a template. Terminating a process that has ended does nothing.
   *
   * Rejects with ChildNotFoundError, or with InvalidArgumentError or ForeignRefError for an invalid ref.
   */
  terminateChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<void>;

  /**
   * Stops the child if it runs, and starts it. This does not count as a restart for the restart intensity. Resolves
   * with the new ref.
   *
   * Rejects with ChildNotFoundError, with ChildRestartingError while the supervisor is restarting the child, or with
   * what the child's `start` threw.
   */
  restartChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<ProcessRef>;

  /**
   * Removes a child from the list. The child must not run: it was terminated, or it is transient and has finished.
   * Temporary children and children of a template are removed automatically when they end.
   *
   * Rejects with ChildNotFoundError, ChildRunningError, ChildRestartingError.
   */
  deleteChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<void>;

  /** Returns all children in start order. @throws ServerNotRunningError */
  getChildren(ref: SupervisorRef): readonly ChildInfo[];
  /**
   * Returns a child by its id, or by the ref of its current or last process; `undefined` if there is no such child.
   * @throws ServerNotRunningError
   */
  getChild(ref: SupervisorRef, idOrRef: string | ProcessRef): ChildInfo | undefined;
  /** Returns the number of children that run. @throws ServerNotRunningError */
  countChildren(ref: SupervisorRef): number;
  /** Whether the supervisor is alive and has not been asked to stop. */
  isRunning(ref: SupervisorRef): boolean;
  /**
   * Subscribes to `started`, `crashed` and `terminated` of all supervisors of this runtime, and to `restarted` of all
   * supervised processes, GenServers included. A supervisor that gives up emits `crashed` with a
   * MaxRestartsExceededError. Returns the unsubscribe function.
   */
  onLifecycleEvent(handler: (event: LifecycleEvent) => void): () => void;
}

interface Parts {
  readonly processes: ProcessTable;
  readonly clock: Clock;
  emit(event: UnstampedEvent): void;
  /** Receives the error of a start whose supervisor does not wait for it any more. */
  onError(error: Error): void;
  onLifecycleEvent(handler: (event: LifecycleEvent) => void): () => void;
}

interface Supervised {
  readonly supervision: SupervisorBehavior;
  readonly autoShutdown: AutoShutdown;
  /** Creates the spec of one more child from template arguments; `undefined` without a template. */
  readonly fromTemplate: ((args: readonly unknown[]) => ChildSpec) | undefined;
}

export function createSupervisor({ processes, clock, emit, onError, onLifecycleEvent }: Parts): SupervisorApi {
  const supervised = new WeakMap<Process, Supervised>();

  const find = (ref: SupervisorRef): Supervised & { process: Process } => {
    const process = processes.running(ref);
    const parts = supervised.get(process);
    if (parts !== undefined) return { ...parts, process };
    throw new InvalidArgumentError('ref', 'the ref of a supervisor', process.kind);
  };

  /** Checks that the argument is a child id or a ref, and returns it. @throws InvalidArgumentError, ForeignRefError */
  const targetOf = (idOrRef: ChildTarget): ChildTarget => {
    if (typeof idOrRef !== 'string') processes.find(idOrRef);
    return idOrRef;
  };

  const ask = async (ref: SupervisorRef, call: SupervisorCall): Promise<ProcessRef | undefined> => {
    const { process, supervision } = find(ref);
    if (supervision.isStartingChild) throw new CallingSelfError(process.id, 'ask', process);
    if (!process.running) throw supervision.notRunning();
    // Requests have no time-out: `initTimeout` and `shutdownTimeout` of each child limit starts and stops.
    const reply = await new Promise<SupervisorReply>((resolve) => {
      process.enqueue(call, new PendingCall(process, resolve as (reply: unknown) => void));
    });
    if ('error' in reply) throw reply.error;
    return reply.ref;
  };

  const askToStart = async (ref: SupervisorRef, call: SupervisorCall): Promise<ProcessRef> => {
    const child = await ask(ref, call);
    if (child === undefined) throw new ServerNotRunningError(ref.id);
    return child;
  };

  return {
    async start(options: SupervisorOptions = {}) {
      checkSupervisorOptions(options);
      const { strategy = 'one_for_one', children = [], childTemplate, name, autoShutdown = 'never' } = options;
      const { restartIntensity = { maxRestarts: 3, withinMs: 5000 } } = options;
      const fromTemplate = childTemplate && specFactory(childTemplate);
      const supervision: SupervisorBehavior = new SupervisorBehavior({
        strategy,
        children,
        restartIntensity,
        autoShutdown,
        processes,
        clock,
        emit,
        onError,
        onBegin: (process) => void supervised.set(process, { supervision, autoShutdown, fromTemplate }),
        gaveUpOf: (process) => supervised.get(process)?.supervision.gaveUp,
      });
      const process = await processes.spawn({
        kind: 'supervisor',
        behavior: supervision,
        name,
        strategy,
        initTimeout: Number.POSITIVE_INFINITY,
        mailboxLimit: Number.POSITIVE_INFINITY,
      });
      if (!supervision.isInterrupted) return process.ref;
      const problem = 'it was stopped before all its children had started';
      throw new InitializationError(process.id, problem, { registeredName: name });
    },

    async stop(ref, reason = 'normal') {
      checkReason(reason);
      const process = processes.find(ref);
      if (process?.isCurrent && reason !== 'killed') throw new CallingSelfError(process.id, 'stop', process);
      await process?.stop(reason);
    },

    async startChild(ref: SupervisorRef, specOrArgs: ChildSpec | readonly unknown[]): Promise<never> {
      const { fromTemplate, autoShutdown } = find(ref);
      if (fromTemplate === undefined) {
        if (isArgs(specOrArgs))
          throw new InvalidSimpleOneForOneConfigError(
            'args',
            'are only allowed with simple_one_for_one; give a child spec',
          );
        checkChildSpec(specOrArgs, autoShutdown);
        return askToStart(ref, { type: 'start_child', spec: specOrArgs }) as Promise<never>;
      }
      if (!isArgs(specOrArgs)) {
        throw new InvalidSimpleOneForOneConfigError('spec', 'simple_one_for_one takes an array of template arguments');
      }
      return askToStart(ref, { type: 'start_child', spec: fromTemplate(specOrArgs) }) as Promise<never>;
    },

    async terminateChild(ref, idOrRef) {
      await ask(ref, { type: 'terminate_child', target: targetOf(idOrRef) });
    },

    async restartChild(ref, idOrRef) {
      return askToStart(ref, { type: 'restart_child', target: targetOf(idOrRef) });
    },

    async deleteChild(ref, idOrRef) {
      await ask(ref, { type: 'delete_child', target: targetOf(idOrRef) });
    },

    getChildren: (ref) => Array.from(find(ref).supervision.children, childInfo),

    getChild(ref, idOrRef) {
      const child = find(ref).supervision.find(targetOf(idOrRef));
      return child && childInfo(child);
    },

    countChildren: (ref) => find(ref).supervision.runningCount,

    isRunning: (ref) => processes.isRunning(ref),

    onLifecycleEvent,
  };
}

function isArgs(specOrArgs: ChildSpec | readonly unknown[]): specOrArgs is readonly unknown[] {
  return Array.isArray(specOrArgs);
}

/** Returns a function that creates child specs from template arguments, with ids `child-1`, `child-2` ... */
function specFactory<Args extends readonly unknown[]>(template: ChildTemplate<Args>): Supervised['fromTemplate'] {
  let made = 0;
  return (args) => {
    made += 1;
    // The cast is safe: the types of `startChild` in the user's code ensure matching arguments.
    return { ...template, id: `child-${made}`, start: () => template.start(...(args as Args)) };
  };
}

function childInfo({ id, spec, process, restarts }: Child): ChildInfo {
  return Object.freeze({
    id,
    ref: process?.ref,
    type: process?.kind,
    restart: spec.restart ?? 'permanent',
    significant: spec.significant ?? false,
    restartCount: restarts,
  });
}
