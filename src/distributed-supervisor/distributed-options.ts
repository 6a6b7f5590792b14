import type { SupervisorStrategy } from '../../streams/events.js';
import { InvalidArgumentError, InvalidChildSpecError } from '../errors.js';
import {
  type AutoShutdown,
  type ChildOptions,
  checkChildOptions,
  checkChildren,
  checkPolicies,
} from '../supervisor/child-spec.js';
import type { RestartIntensity } from '../supervisor/intensity.js';
import { checkGlobalName, checkKnown, checkTimeout, isObject, MAX_SENT_NAME } from '../validate.js';
import { type NodeSelector, selectorProblem } from './node-selection.js';

export interface DistributedChildOptions extends ChildOptions {
  /** The name under which the behavior is registered in the `BehaviorRegistry` of each node that may run the child. */
  readonly behavior: string;
  /**
   * A global name for the process of the child. The child keeps the name wherever it runs. If the child ran twice
   * during a partition, the supervisor ends one of the processes, and the other keeps the name.
   */
  readonly name?: string | undefined;
  /** Where the child runs. Default: the selector of the supervisor. */
  readonly nodeSelector?: NodeSelector | undefined;
  /** How long `init` may take, ms. Default 5000. Infinity: no limit. */
  readonly initTimeout?: number | undefined;
}

export interface DistributedChildSpec extends DistributedChildOptions {
  /** The child id, unique within the supervisor. */
  readonly id: string;
  /** The argument of the behavior factory: plain data, Date, Map, Set, bigint or Error. */
  readonly args?: unknown;
}

/**
 * The common spec of all children of a `simple_one_for_one` supervisor. The `args` of each child come from
 * `startChild`.
 */
export type DistributedChildTemplate = Omit<DistributedChildOptions, 'name'>;

/** The options of `DistributedSupervisor.start`. */
export interface DistributedSupervisorOptions {
  /** Which children restart when one fails. Default `one_for_one`. */
  readonly strategy?: SupervisorStrategy | undefined;
  /** Where children run. Default `local_first`. */
  readonly nodeSelector?: NodeSelector | undefined;
  /**
   * How long to wait before the children of a lost node start elsewhere, ms. If the node returns earlier, its children
   * keep running. A node that has left or restarted is not waited for. With the option `minNodes` of `Cluster.start`,
   * the wait is at least as long as the lost node may keep its children. Default 1000.
   */
  readonly failoverDelay?: number | undefined;
  /** How long a child keeps running while its node sees no leader, ms. Default 30,000. Infinity: no limit. */
  readonly orphanTimeout?: number | undefined;
  /** The children, started in this order and stopped in reverse. */
  readonly children?: readonly DistributedChildSpec[] | undefined;
  /** The spec of all children. Required with `simple_one_for_one`, and invalid with any other strategy. */
  readonly childTemplate?: DistributedChildTemplate | undefined;
  /** How many restarts are tolerated. The loss of a node counts as one restart. Default 3 within 5000 ms. */
  readonly restartIntensity?: RestartIntensity | undefined;
  /** Whether the end of significant children shuts the supervisor down. Default `never`. */
  readonly autoShutdown?: AutoShutdown | undefined;
  /**
   * The name of the supervisor in the cluster. If several nodes start a supervisor with the same name and options, one
   * instance leads and the others stand by. At most 150 characters. Default: the supervisor has no other instances.
   */
  readonly name?: string | undefined;
}

/** Checked options with all defaults applied. */
export interface SupervisorSettings {
  readonly strategy: SupervisorStrategy;
  readonly nodeSelector: NodeSelector;
  readonly failoverDelayMs: number;
  readonly orphanTimeoutMs: number;
  readonly children: readonly DistributedChildSpec[];
  readonly childTemplate: DistributedChildTemplate | undefined;
  readonly restartIntensity: RestartIntensity;
  readonly autoShutdown: AutoShutdown;
  readonly name: string | undefined;
}

/**
 * The maximum length of the name of a distributed supervisor, in characters. Its global name has a prefix in addition.
 */
const MAX_SUPERVISOR_NAME = 150;

const CHILD_OPTIONS = [
  'behavior',
  'nodeSelector',
  'initTimeout',
  'restart',
  'shutdownTimeout',
  'significant',
] satisfies (keyof DistributedChildTemplate)[];
const SPEC_OPTIONS = ['id', 'args', 'name', ...CHILD_OPTIONS] satisfies (keyof DistributedChildSpec)[];
const OPTIONS = [
  'strategy',
  'nodeSelector',
  'failoverDelay',
  'orphanTimeout',
  'children',
  'childTemplate',
  'restartIntensity',
  'autoShutdown',
  'name',
] satisfies (keyof DistributedSupervisorOptions)[];

/**
 * Checks the options of `DistributedSupervisor.start` and fills in defaults.
 *
 * @throws InvalidArgumentError, UnknownOptionError, InvalidChildSpecError, DuplicateChildError,
 * MissingChildTemplateError, InvalidSimpleOneForOneConfigError
 */
export function readDistributedOptions(options: DistributedSupervisorOptions): SupervisorSettings {
  if (!isObject(options)) throw new InvalidArgumentError('options', 'an object', options);
  checkKnown(options, OPTIONS, 'the options of DistributedSupervisor.start');
  const { strategy = 'one_for_one', nodeSelector = 'local_first', children = [], childTemplate, name } = options;
  const { failoverDelay = 1000, orphanTimeout = 30_000, autoShutdown = 'never' } = options;
  const { restartIntensity = { maxRestarts: 3, withinMs: 5000 } } = options;
  checkPolicies(options);
  const problem = selectorProblem(nodeSelector);
  if (problem !== undefined) throw new InvalidArgumentError('nodeSelector', problem, nodeSelector);
  checkTimeout('failoverDelay', failoverDelay);
  checkTimeout('orphanTimeout', orphanTimeout);
  if (name !== undefined) checkSupervisorName(name);
  checkChildren({ strategy, children: options.children, childTemplate }, name, {
    checkSpec: (spec) => checkDistributedChild(spec, autoShutdown),
    checkTemplate(template) {
      checkKnown(template, CHILD_OPTIONS, 'childTemplate');
      checkChild(template, autoShutdown);
    },
  });
  return {
    strategy,
    nodeSelector,
    failoverDelayMs: failoverDelay,
    orphanTimeoutMs: orphanTimeout,
    children,
    childTemplate,
    restartIntensity,
    autoShutdown,
    name,
  };
}

function checkSupervisorName(name: unknown): void {
  if (typeof name === 'string' && name !== '' && name.length <= MAX_SUPERVISOR_NAME && !name.startsWith('~')) return;
  throw new InvalidArgumentError(
    'name',
    `a string of 1 to ${MAX_SUPERVISOR_NAME} characters that does not start with ~`,
    name,
  );
}

/** Checks one child spec. @throws InvalidChildSpecError, InvalidArgumentError, UnknownOptionError */
export function checkDistributedChild(spec: DistributedChildSpec, autoShutdown: AutoShutdown): void {
  if (!isObject(spec)) throw new InvalidChildSpecError('it', 'must be an object');
  const { id, name } = spec;
  if (typeof id !== 'string' || id === '' || id.length > MAX_SENT_NAME) {
    throw new InvalidChildSpecError('id', `must be a string of 1 to ${MAX_SENT_NAME} characters`);
  }
  checkKnown(spec, SPEC_OPTIONS, `the spec of child '${id}'`);
  if (name !== undefined) checkGlobalName(name);
  checkChild(spec, autoShutdown);
}

function checkChild(child: DistributedChildOptions, autoShutdown: AutoShutdown): void {
  const { behavior, nodeSelector, initTimeout = 0 } = child;
  if (typeof behavior !== 'string' || behavior === '' || behavior.length > MAX_SENT_NAME) {
    throw new InvalidChildSpecError('behavior', 'must be the name of a behavior in the BehaviorRegistry');
  }
  const problem = nodeSelector === undefined ? undefined : selectorProblem(nodeSelector);
  if (problem !== undefined) throw new InvalidChildSpecError('nodeSelector', `must be ${problem}`);
  checkTimeout('initTimeout', initTimeout);
  checkChildOptions(child, autoShutdown);
}
