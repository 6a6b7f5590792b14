import type { ProcessKind, RuntimeFact } from '../../streams/events.js';
import type { Clock } from '../clock.js';
import { InvalidArgumentError, InvalidSimpleOneForOneConfigError, ServerNotRunningError } from '../errors.js';
import type { ProcessRef, SupervisorRef, TerminationReason } from '../process/behavior.js';
import { checkReason, type LifecycleEvent } from '../process/gen-server.js';
import type { Process } from '../process/process.js';
import type { ProcessTable } from '../process/process-table.js';
import { PendingCall } from '../process/receipt.js';
import {
  type ChildSpec,
  type ChildTemplate,
  checkChildSpec,
  checkSupervisorOptions,
  type SupervisorOptions,
} from './child-spec.js';
import { type Child, ChildSupervision, type SupervisorCall, type SupervisorReply } from './child-supervision.js';
import type { RestartType } from './strategy.js';

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

export interface SupervisorApi {
  /**
   * Starts a supervisor and its children, in order; resolves when all run.
   *
   * Rejects with InitializationError when a child does not start (those started before are stopped), and with
   * AlreadyRegisteredError, InvalidArgumentError, InvalidChildSpecError, DuplicateChildError, MissingChildTemplateError
   * or InvalidSimpleOneForOneConfigError before anything has started.
   */
  start<Args extends readonly unknown[] = readonly unknown[]>(
    options?: SupervisorOptions<Args>,
  ): Promise<SupervisorRef>;

  /** Stops the children in reverse order, then the supervisor; resolves when all are gone. */
  stop(ref: SupervisorRef, reason?: TerminationReason): Promise<void>;

  /**
   * Adds a child and starts it. For `simple_one_for_one` the second argument is the array of arguments for the template.
   * The place of a child that does not run may be taken by a new spec with its id.
   *
   * Rejects with DuplicateChildError, InvalidChildSpecError, ServerNotRunningError, or what the child's start threw.
   */
  startChild(ref: SupervisorRef, specOrArgs: ChildSpec | readonly unknown[]): Promise<ProcessRef>;

  /**
   * Stops a child. Its place stays, for `restartChild`, unless it is temporary or of a template.
   *
   * Rejects with ChildNotFoundError, ServerNotRunningError.
   */
  terminateChild(ref: SupervisorRef, childId: string): Promise<void>;

  /**
   * Stops the child if it runs, and starts it. Not counted as a restart: nothing went wrong.
   *
   * Rejects with ChildNotFoundError, ServerNotRunningError, or what the child's start threw.
   */
  restartChild(ref: SupervisorRef, childId: string): Promise<ProcessRef>;

  /** In the order they are started. @throws ServerNotRunningError */
  getChildren(ref: SupervisorRef): readonly ChildInfo[];
  /** @throws ServerNotRunningError */
  getChild(ref: SupervisorRef, childId: string): ChildInfo | undefined;
  /** How many children run now. @throws ServerNotRunningError */
  countChildren(ref: SupervisorRef): number;
  /** Whether it lives and has not been asked to stop. */
  isRunning(ref: SupervisorRef): boolean;
  /** Hears what happens to every supervisor of this runtime. Returns the unsubscribe function. */
  onLifecycleEvent(handler: (event: LifecycleEvent<SupervisorRef>) => void): () => void;
}

interface Parts {
  readonly processes: ProcessTable;
  readonly clock: Clock;
  emit(fact: RuntimeFact): void;
  onLifecycleEvent(handler: (event: LifecycleEvent<SupervisorRef>) => void): () => void;
}

interface Supervised {
  readonly supervision: ChildSupervision;
  /** Makes the spec of one more child from the arguments for the template; `simple_one_for_one` only. */
  readonly fromTemplate: ((args: readonly unknown[]) => ChildSpec) | undefined;
}

export function createSupervisor({ processes, clock, emit, onLifecycleEvent }: Parts): SupervisorApi {
  const supervised = new WeakMap<Process, Supervised>();

  const find = (ref: SupervisorRef): Supervised & { process: Process } => {
    const process = processes.running(ref);
    const parts = supervised.get(process);
    if (parts !== undefined) return { ...parts, process };
    throw new InvalidArgumentError('ref', 'the ref of a supervisor', process.kind);
  };

  const ask = async (process: Process, call: SupervisorCall): Promise<ProcessRef | undefined> => {
    // As long as it takes: every child has its own time-outs.
    const reply = await new Promise<SupervisorReply>((resolve) => {
      process.enqueue(call, new PendingCall(process.id, resolve as (reply: unknown) => void));
    });
    if ('error' in reply) throw reply.error;
    return reply.ref;
  };

  const started = async (process: Process, call: SupervisorCall): Promise<ProcessRef> => {
    const ref = await ask(process, call);
    if (ref === undefined) throw new ServerNotRunningError(process.id);
    return ref;
  };

  return {
    async start(options = {}) {
      checkSupervisorOptions(options);
      const { strategy = 'one_for_one', children = [], childTemplate, name, autoShutdown = 'never' } = options;
      const { restartIntensity = { maxRestarts: 3, withinMs: 5000 } } = options;
      const fromTemplate = childTemplate && templating(childTemplate);
      const supervision: ChildSupervision = new ChildSupervision({
        strategy,
        children,
        restartIntensity,
        autoShutdown,
        processes,
        clock,
        emit,
        begun: (process) => void supervised.set(process, { supervision, fromTemplate }),
      });
      const process = await processes.spawn({
        kind: 'supervisor',
        behavior: supervision,
        name,
        strategy,
        initTimeout: Number.POSITIVE_INFINITY,
        mailboxLimit: Number.POSITIVE_INFINITY,
      });
      return process.ref;
    },

    async stop(ref, reason = 'normal') {
      checkReason(reason);
      await processes.find(ref)?.stop(reason);
    },

    async startChild(ref, specOrArgs) {
      const { process, fromTemplate } = find(ref);
      if (fromTemplate === undefined) {
        if (isArgs(specOrArgs))
          throw new InvalidSimpleOneForOneConfigError('args', 'are for simple_one_for_one; give a child spec');
        checkChildSpec(specOrArgs);
        return started(process, { type: 'start_child', spec: specOrArgs });
      }
      if (!isArgs(specOrArgs)) {
        throw new InvalidSimpleOneForOneConfigError('spec', 'simple_one_for_one takes an array of template arguments');
      }
      return started(process, { type: 'start_child', spec: fromTemplate(specOrArgs) });
    },

    async terminateChild(ref, childId) {
      await ask(find(ref).process, { type: 'terminate_child', childId });
    },

    async restartChild(ref, childId) {
      return started(find(ref).process, { type: 'restart_child', childId });
    },

    getChildren: (ref) => find(ref).supervision.children.map(childInfo),

    getChild(ref, childId) {
      const child = find(ref).supervision.children.find(({ id }) => id === childId);
      return child && childInfo(child);
    },

    countChildren: (ref) => find(ref).supervision.children.filter(({ process }) => process !== undefined).length,

    isRunning: (ref) => processes.isRunning(ref),

    onLifecycleEvent,
  };
}

function isArgs(specOrArgs: ChildSpec | readonly unknown[]): specOrArgs is readonly unknown[] {
  return Array.isArray(specOrArgs);
}

/** Makes specs from arguments for the template, with ids `child-1`, `child-2` ... */
function templating<Args extends readonly unknown[]>(template: ChildTemplate<Args>): Supervised['fromTemplate'] {
  let made = 0;
  return (args) => {
    made += 1;
    // What `start` promised its caller to take is what `startChild` is given: the types meet in the user's code only.
    return { ...template, id: `child-${made}`, start: () => template.start(...(args as Args)) };
  };
}

function childInfo({ id, spec, process, restarts }: Child): ChildInfo {
  return {
    id,
    ref: process?.ref,
    type: process?.kind,
    restart: spec.restart ?? 'permanent',
    significant: spec.significant ?? false,
    restartCount: restarts,
  };
}
