import {
  AlreadyRegisteredError,
  CallingSelfError,
  InvalidArgumentError,
  InvalidChildSpecError,
  ServerNotRunningError,
} from '../errors.js';
import type { GenServerBehavior, TerminationReason } from '../process/gen-server-types.js';
import type { Process } from '../process/process.js';
import type { ProcessRef, SupervisorRef } from '../process/process-refs.js';
import type { RestartType } from '../supervisor/strategy.js';
import {
  checkDistributedChild,
  type DistributedChildSpec,
  type DistributedChildTemplate,
  type DistributedSupervisorOptions,
  readDistributedOptions,
  type SupervisorSettings,
} from './distributed-options.js';
import { sentSpec } from './sent-spec.js';
import { keyOfUnnamed, type Supervision } from './supervision.js';
import type { SentChild } from './supervision-protocol.js';
import type { SupervisorInstance } from './supervisor-instance.js';

/** A child of a distributed supervisor. */
export interface DistributedChildInfo {
  readonly id: string;
  /** The process of the child: the last known one while its node is lost. `undefined`: the child has no process. */
  readonly ref: ProcessRef | undefined;
  /** The id of the node of that process. `undefined`: there is no process, or this node is in no cluster. */
  readonly nodeId: string | undefined;
  readonly restart: RestartType;
  /** Whether the end of the child may shut the supervisor down. */
  readonly significant: boolean;
  /** How often the child was restarted after a failure. A move to another node after the loss of its node counts. */
  readonly restartCount: number;
}

/** The overloads of `DistributedSupervisor.start`. */
interface StartDistributedSupervisor {
  /** Starts a supervisor with a child template. `Args` is the type of the arguments of its children. */
  <Args = unknown>(
    options: DistributedSupervisorOptions & { readonly childTemplate: DistributedChildTemplate },
  ): Promise<SupervisorRef<Args>>;
  (options?: DistributedSupervisorOptions): Promise<SupervisorRef<never>>;
}

/** The overloads of `DistributedSupervisor.startChild`. */
interface StartDistributedChild {
  <Ref extends ProcessRef = ProcessRef>(ref: SupervisorRef<never>, spec: DistributedChildSpec): Promise<Ref>;
  <Ref extends ProcessRef = ProcessRef, Args = unknown>(ref: SupervisorRef<Args>, args: NoInfer<Args>): Promise<Ref>;
}

/**
 * Supervisors whose children run on any node of the cluster, and start on another node when their node is lost. The
 * behaviors of the children are started by name: each node that may run a child registers them in its
 * `BehaviorRegistry`.
 *
 * All functions but `start` take the ref of an instance in this runtime. An instance that stands by sends requests
 * about children to the leader. These requests reject with ServerNotRunningError if the instance has ended, and with
 * NoLeaderError if no instance leads at the moment.
 */
export interface DistributedSupervisorApi {
  /**
   * Starts an instance of a supervisor. Resolves with its ref. If the instance leads, it starts the children in order,
   * and the promise resolves when they run or wait for a suitable node. If another instance with the same name leads,
   * the instance stands by, and the promise resolves at once.
   *
   * Rejects with InitializationError when a child does not start; its `cause` is a ChildStartError. Rejects with
   * AlreadyRegisteredError when this runtime has an instance with that name. Also rejects with InvalidArgumentError,
   * UnknownOptionError, InvalidChildSpecError, DuplicateChildError, MissingChildTemplateError,
   * InvalidSimpleOneForOneConfigError or NotSerializableError.
   *
   * @example
   * // On each node:
   * BehaviorRegistry.register('scheduler', scheduler);
   * await DistributedSupervisor.start({
   *   name: 'jobs',
   *   children: [{ id: 'scheduler', behavior: 'scheduler', name: 'scheduler' }],
   * });
   */
  readonly start: StartDistributedSupervisor;
  /**
   * Stops an instance. If the instance leads and another one stands by, the other one leads from then on, and the
   * children keep running. If none stands by, the children are stopped first, in reverse order; those from a template
   * stop at the same time. Resolves when the instance has ended, or at once if it has already ended. With the reason
   * `killed`, the instance does not stop its children.
   */
  stop(ref: SupervisorRef, reason?: TerminationReason): Promise<void>;
  /**
   * Adds a child and starts it. With `simple_one_for_one`, the second argument is the argument of its behavior factory.
   * Resolves with the ref of the child.
   *
   * Rejects with DuplicateChildError, InvalidChildSpecError, NoSuitableNodeError, BehaviorNotRegisteredError,
   * NotSerializableError, or with RemoteError when `init` failed on another node. Rejects with ChildNotFoundError when
   * the child is terminated before it runs.
   */
  readonly startChild: StartDistributedChild;
  /**
   * Stops a child. Resolves when it has stopped. The child stays in the list for `restartChild`, unless it is temporary
   * or was started from a template. Rejects with ChildNotFoundError.
   */
  terminateChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<void>;
  /**
   * Stops a child if it runs, and starts it. This does not count as a restart. Resolves with the new ref. Rejects with
   * ChildNotFoundError, with ChildRestartingError if the child is starting, restarting or waiting for a node, or as
   * `startChild` does.
   */
  restartChild(ref: SupervisorRef, idOrRef: string | ProcessRef): Promise<ProcessRef>;
  /**
   * Returns all children in start order, as far as this instance knows them. An instance that stands by has a copy of
   * the leader's list, which is empty until the leader has sent it. @throws ServerNotRunningError
   */
  getChildren(ref: SupervisorRef): readonly DistributedChildInfo[];
  /** Returns a child by its id or ref; `undefined` if there is no such child. @throws ServerNotRunningError */
  getChild(ref: SupervisorRef, idOrRef: string | ProcessRef): DistributedChildInfo | undefined;
  /** Returns the number of children that have a process, those on lost nodes included. @throws ServerNotRunningError */
  countChildren(ref: SupervisorRef): number;
  /** Whether the instance is alive and has not been asked to stop. It may lead or stand by. */
  isRunning(ref: SupervisorRef): boolean;
}

interface Parts {
  readonly supervision: Supervision;
  spawn(behavior: GenServerBehavior<undefined, never, never>, settings: SupervisorSettings): Promise<Process>;
  /** @throws InvalidArgumentError, ForeignRefError */
  find(ref: ProcessRef): Process | undefined;
  /** Returns a copy of a value, as another node would receive it. @throws NotSerializableError */
  copyArgs(args: unknown): unknown;
  /** A random number from 0 to below 1. */
  random(): number;
}

/** Creates the facade `DistributedSupervisor`. */
export function createDistributedSupervisor(parts: Parts): DistributedSupervisorApi {
  const { supervision, find, copyArgs } = parts;
  const keys = new WeakMap<Process, string>();

  const instanceOf = (ref: SupervisorRef): { readonly key: string; readonly instance: SupervisorInstance } => {
    const process = find(ref);
    const key = process && keys.get(process);
    if (process !== undefined && key === undefined) {
      throw new InvalidArgumentError('ref', 'the ref of a distributed supervisor', process.kind);
    }
    const instance = key === undefined ? undefined : supervision.instance(key);
    if (key === undefined || instance === undefined) throw new ServerNotRunningError(ref.id);
    return { key, instance };
  };

  const idOf = ({ children }: SupervisorInstance, idOrRef: string | ProcessRef): string => {
    if (typeof idOrRef === 'string') return idOrRef;
    for (const [id, { location }] of children) {
      if (location?.processId === idOrRef.id && location.life === idOrRef.life) return id;
    }
    return idOrRef.id;
  };

  const start = async (options: DistributedSupervisorOptions = {}): Promise<SupervisorRef> => {
    const read = readDistributedOptions(options);
    const settings = { ...read, children: read.children.map((spec) => ({ ...spec, args: copyArgs(spec.args) })) };
    const { name } = settings;
    const existing = name === undefined ? undefined : supervision.instance(name);
    if (name !== undefined && existing !== undefined) throw new AlreadyRegisteredError(name, existing.process.id);
    let instance: SupervisorInstance | undefined;
    const behavior: GenServerBehavior<undefined, never, never> = {
      async init(ref) {
        const process = find(ref);
        if (process === undefined) return undefined;
        const key = name ?? keyOfUnnamed(ref);
        keys.set(process, key);
        process.onExit(() => supervision.remove(key));
        const { id } = ref;
        instance = supervision.add(key, settings, { id, stop: () => void process.stop('shutdown') });
        process.onEnding(() => instance?.abandonStart());
        await instance.start();
        return undefined;
      },
      async terminate() {
        await instance?.end();
      },
    };
    const process = await parts.spawn(behavior, settings);
    return process.ref;
  };

  const toStart = (
    { settings }: SupervisorInstance,
    specOrArgs: unknown,
  ): { readonly childId: string; readonly spec: DistributedChildSpec } => {
    const { childTemplate, autoShutdown } = settings;
    if (childTemplate !== undefined) {
      const childId = `child-${parts.random().toString(36).slice(2, 12)}`;
      return { childId, spec: { ...childTemplate, id: childId, args: specOrArgs } };
    }
    const spec = specOrArgs as DistributedChildSpec;
    checkDistributedChild(spec, autoShutdown);
    return { childId: spec.id, spec };
  };

  return {
    start: start as StartDistributedSupervisor,

    async stop(ref, reason = 'normal') {
      const process = find(ref);
      if (process?.isCurrent && reason !== 'killed') throw new CallingSelfError(process.id, 'stop', process);
      if (process !== undefined && !keys.has(process)) instanceOf(ref);
      await process?.stop(reason);
    },

    async startChild(ref: SupervisorRef, specOrArgs: unknown): Promise<never> {
      const { key, instance } = instanceOf(ref);
      const { childId, spec } = toStart(instance, specOrArgs);
      if (typeof spec.nodeSelector === 'function' && instance.settings.childTemplate === undefined) {
        throw new InvalidChildSpecError(
          'nodeSelector',
          'must not be a function here: the leader may be on another node',
        );
      }
      const sent = sentSpec({ ...spec, args: copyArgs(spec.args) });
      const child = await supervision.request(key, { type: 'start_child', childId, spec: sent });
      if (child === undefined) throw new ServerNotRunningError(ref.id);
      return child as never;
    },

    async terminateChild(ref, idOrRef) {
      const { key, instance } = instanceOf(ref);
      await supervision.request(key, { type: 'terminate_child', childId: idOf(instance, idOrRef) });
    },

    async restartChild(ref, idOrRef) {
      const { key, instance } = instanceOf(ref);
      const child = await supervision.request(key, { type: 'restart_child', childId: idOf(instance, idOrRef) });
      if (child === undefined) throw new ServerNotRunningError(ref.id);
      return child;
    },

    getChildren: (ref) => Array.from(instanceOf(ref).instance.children, ([id, child]) => childInfo(id, child)),

    getChild(ref, idOrRef) {
      const { instance } = instanceOf(ref);
      const id = idOf(instance, idOrRef);
      const child = instance.children.get(id);
      return child && childInfo(id, child);
    },

    countChildren: (ref) =>
      [...instanceOf(ref).instance.children.values()].filter(({ location }) => location !== null).length,

    isRunning: (ref) => find(ref)?.running === true,
  };
}

function childInfo(id: string, { spec, location, restarts }: SentChild): DistributedChildInfo {
  const { restart, significant } = spec;
  return Object.freeze({
    id,
    ref: location === null ? undefined : Object.freeze({ id: location.processId, life: location.life }),
    nodeId: location === null || location.node === '' ? undefined : location.node,
    restart,
    significant,
    restartCount: restarts,
  });
}
