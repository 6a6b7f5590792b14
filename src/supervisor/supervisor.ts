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
import type { ProcessTable } from '../process/process-table.js';
import type { ProcessRef, SupervisorRef } from '../process/refs.js';
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
  readonly significant: boolean;
  /** How often it has been restarted. */
  readonly restartCount: number;
}

/**
 * A request to a supervisor rejects with ServerNotRunningError when it is gone, stops, or stops before it has answered; the
 * `cause` says why, where it gave up. It rejects with CallingSelfError when it is made by the `start` of one of its own
 * children before the first `await` there: the supervisor waits for that start. Made later, it waits until the start is over.
 */
export interface SupervisorApi {
  /**
   * Starts a supervisor and its children, in order; resolves when all run.
   *
   * Rejects with InitializationError when a child does not start (those started before are stopped); its `cause` is a
   * ChildStartError, whose `cause` is what the child's start threw. Rejects with AlreadyRegisteredError,
   * InvalidArgumentError, UnknownOptionError, InvalidChildSpecError, DuplicateChildError, MissingChildTemplateError or
   * InvalidSimpleOneForOneConfigError before anything has started.
   */
  readonly start: StartSupervisor;

  /**
   * Stops the children in reverse order, then the supervisor; resolves when all are gone. The children of a template stop
   * all at once. The `start` of a child that is under way is not waited for; what it starts later is stopped as well, and a
   * process in its `init` that it began before its first `await` is stopped first.
   */
  stop(ref: SupervisorRef, reason?: TerminationReason): Promise<void>;

  /**
   * Adds a child and starts it. For `simple_one_for_one` the second argument is the array of arguments for the template.
   * The place of a child that does not run may be taken by a new spec with its id.
   *
   * Rejects with DuplicateChildError, InvalidChildSpecError, UnknownOptionError, or what the child's start threw.
   */
  readonly startChild: StartChild;

  /**
   * Stops a child, or ends the attempts to restart it. Its place stays, for `restartChild`, unless it is temporary or of a
   * template. To terminate a process that has ended already is fine.
   *
   * Rejects with ChildNotFoundError.
   */
  terminateChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<void>;

  /**
   * Stops the child if it runs, and starts it. Not counted as a restart: nothing went wrong.
   *
   * Rejects with ChildNotFoundError, ChildRestartingError while the supervisor restarts the child by itself, or what the
   * child's start threw.
   */
  restartChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<ProcessRef>;

  /**
   * Gives up the place of a child that does not run: of a transient one that has finished, or of one that was terminated. A
   * temporary child, and one of a template, has no place any more when it has ended.
   *
   * Rejects with ChildNotFoundError, ChildRunningError, ChildRestartingError.
   */
  deleteChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<void>;

  /** In the order they are started. @throws ServerNotRunningError */
  getChildren(ref: SupervisorRef): readonly ChildInfo[];
  /** By its id, or by the process that runs or ran there last. @throws ServerNotRunningError */
  getChild(ref: SupervisorRef, idOrRef: string | ProcessRef): ChildInfo | undefined;
  /** How many children run now. @throws ServerNotRunningError */
  countChildren(ref: SupervisorRef): number;
  /** Whether it lives and has not been asked to stop. */
  isRunning(ref: SupervisorRef): boolean;
  /**
   * Receives `started`, `crashed` and `terminated` of every supervisor of this runtime, and `restarted` of every supervised
   * process, GenServers included. A supervisor that gave up has `crashed`, with a MaxRestartsExceededError. Returns the
   * unsubscribe function.
   */
  onLifecycleEvent(handler: (event: LifecycleEvent) => void): () => void;
}

interface Parts {
  readonly processes: ProcessTable;
  readonly clock: Clock;
  emit(event: UnstampedEvent): void;
  /** Receives the error of a start that its supervisor does not wait for any more. */
  onError(error: Error): void;
  onLifecycleEvent(handler: (event: LifecycleEvent) => void): () => void;
}

interface Supervised {
  readonly supervision: SupervisorBehavior;
  readonly autoShutdown: AutoShutdown;
  /** Makes the spec of one more child from the arguments for the template; `simple_one_for_one` only. */
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

  /** The child for an id or a ref. @throws InvalidArgumentError when it is neither */
  const targetOf = (idOrRef: ChildTarget): ChildTarget => {
    if (typeof idOrRef !== 'string') processes.find(idOrRef);
    return idOrRef;
  };

  const ask = async (ref: SupervisorRef, call: SupervisorCall): Promise<ProcessRef | undefined> => {
    const { process, supervision } = find(ref);
    if (supervision.isStartingChild) throw new CallingSelfError(process.id, 'ask', process);
    if (!process.running) throw supervision.notRunning();
    // No limit here: each child has its own time-out.
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
          throw new InvalidSimpleOneForOneConfigError('args', 'are for simple_one_for_one; give a child spec');
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

/** Makes specs from arguments for the template, with ids `child-1`, `child-2` ... */
function specFactory<Args extends readonly unknown[]>(template: ChildTemplate<Args>): Supervised['fromTemplate'] {
  let made = 0;
  return (args) => {
    made += 1;
    // The types of `start` and `startChild` are matched in the user's code only.
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
