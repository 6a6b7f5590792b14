import type { SupervisorStrategy } from '../../streams/events.js';
import { MAX_TIMER_MS } from '../clock.js';
import {
  DuplicateChildError,
  InvalidArgumentError,
  InvalidChildSpecError,
  InvalidSimpleOneForOneConfigError,
  MissingChildTemplateError,
} from '../errors.js';
import { checkName } from '../process/gen-server-options.js';
import type { ProcessRef } from '../process/process-refs.js';
import { checkKnown, isDelay, isObject } from '../validate.js';
import type { RestartBackoff, RestartIntensity } from './intensity.js';
import type { RestartType } from './strategy.js';

export interface ChildOptions {
  /** When the child is restarted. Default `permanent`. */
  readonly restart?: RestartType | undefined;
  /**
   * How long the child may take to stop, ms. A child that takes longer is killed; with 0 it is killed at once. Default
   * 5000 for a GenServer. Default Infinity for a supervisor, because its own children have time-outs. The same limit
   * applies to `terminate` after a crash. The restart waits until that `terminate` has finished.
   */
  readonly shutdownTimeout?: number | undefined;
  /**
   * Whether the supervisor shuts down according to `autoShutdown` when this child ends by itself. Requires an
   * `autoShutdown` other than `never`, and a `restart` other than `permanent`. Default false.
   */
  readonly significant?: boolean | undefined;
}

export interface ChildSpec<Child extends ProcessRef = ProcessRef> extends ChildOptions {
  /** The child id, unique within the supervisor. */
  readonly id: string;
  /** Starts the child, initially and at each restart. Resolves with the ref of a GenServer or a supervisor. */
  start(): Promise<Child>;
}

/** The common spec of all children of a `simple_one_for_one` supervisor. */
export interface ChildTemplate<
  Args extends readonly unknown[] = readonly unknown[],
  Child extends ProcessRef = ProcessRef,
> extends ChildOptions {
  /** Starts a child. `args` are the arguments of `startChild`. */
  start(...args: Args): Promise<Child>;
}

/**
 * When a supervisor shuts down because significant children ended by themselves and are not restarted.
 * `never`: it does not. `any_significant`: when the first of them ends. `all_significant`: when the last of them ends.
 */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

export interface SupervisorOptions<
  Args extends readonly unknown[] = readonly unknown[],
  Child extends ProcessRef = ProcessRef,
> {
  /** Which children restart when one fails. Default `one_for_one`. */
  readonly strategy?: SupervisorStrategy | undefined;
  /** The children, started in this order and stopped in reverse. */
  readonly children?: readonly ChildSpec[] | undefined;
  /** The spec of all children. Required with `simple_one_for_one`, and invalid with any other strategy. */
  readonly childTemplate?: ChildTemplate<Args, Child> | undefined;
  /** How many restarts are tolerated. Default 3 within 5000 ms, without `backoff`. */
  readonly restartIntensity?: RestartIntensity | undefined;
  readonly name?: string | undefined;
  /** Whether the end of significant children shuts the supervisor down. Default `never`. */
  readonly autoShutdown?: AutoShutdown | undefined;
}

const CHILD_OPTIONS = ['start', 'restart', 'shutdownTimeout', 'significant'] satisfies (keyof ChildTemplate)[];
const SPEC_OPTIONS = ['id', ...CHILD_OPTIONS] satisfies (keyof ChildSpec)[];
const SUPERVISOR_OPTIONS = [
  'strategy',
  'children',
  'childTemplate',
  'restartIntensity',
  'name',
  'autoShutdown',
] satisfies (keyof SupervisorOptions)[];
const BACKOFF_OPTIONS = ['minMs', 'maxMs', 'factor'] satisfies (keyof RestartBackoff)[];
const INTENSITY_OPTIONS = ['maxRestarts', 'withinMs', 'backoff'] satisfies (keyof RestartIntensity)[];
const STRATEGIES: readonly unknown[] = ['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one'];
const RESTART_TYPES: readonly unknown[] = ['permanent', 'transient', 'temporary'];
const AUTO_SHUTDOWNS: readonly unknown[] = ['never', 'any_significant', 'all_significant'];

/**
 * Checks the options of `Supervisor.start`.
 *
 * @throws InvalidArgumentError, UnknownOptionError, MissingChildTemplateError, InvalidSimpleOneForOneConfigError,
 * InvalidChildSpecError, DuplicateChildError
 */
export function checkSupervisorOptions(options: SupervisorOptions): void {
  if (!isObject(options)) throw new InvalidArgumentError('options', 'an object', options);
  checkKnown(options, SUPERVISOR_OPTIONS, 'the options of a supervisor');
  const { strategy = 'one_for_one', children, childTemplate, name, autoShutdown = 'never' } = options;
  checkPolicies(options);
  if (name !== undefined) checkName(name);
  checkChildren({ strategy, children, childTemplate }, name, {
    checkSpec: (spec) => checkChildSpec(spec, autoShutdown),
    checkTemplate(template) {
      checkKnown(template, CHILD_OPTIONS, 'childTemplate');
      checkChild(template, autoShutdown);
    },
  });
}

interface ChildChecks<Spec, Template> {
  checkSpec(spec: Spec): void;
  checkTemplate(template: Template): void;
}

/**
 * Checks that a local or distributed supervisor has either children with different ids, or a template, as its strategy
 * demands.
 *
 * @throws MissingChildTemplateError, InvalidSimpleOneForOneConfigError, InvalidArgumentError, DuplicateChildError, and
 * what the checks throw
 */
export function checkChildren<Spec extends { readonly id: string }, Template extends object>(
  options: {
    readonly strategy: SupervisorStrategy;
    readonly children: readonly Spec[] | undefined;
    readonly childTemplate: Template | undefined;
  },
  name: string | undefined,
  { checkSpec, checkTemplate }: ChildChecks<Spec, Template>,
): void {
  const { strategy, children, childTemplate } = options;
  if (strategy === 'simple_one_for_one') {
    if (!isObject(childTemplate)) throw new MissingChildTemplateError();
    if (children !== undefined) {
      throw new InvalidSimpleOneForOneConfigError(
        'children',
        'must be absent with simple_one_for_one; start children with startChild',
      );
    }
    checkTemplate(childTemplate);
    return;
  }
  if (childTemplate !== undefined) {
    throw new InvalidSimpleOneForOneConfigError(
      'childTemplate',
      `is only allowed with strategy simple_one_for_one; got ${strategy}`,
    );
  }
  if (children !== undefined && !Array.isArray(children)) {
    throw new InvalidArgumentError('children', 'an array of child specs', children);
  }
  const ids = new Set<string>();
  for (const spec of children ?? []) {
    checkSpec(spec);
    if (ids.has(spec.id)) throw new DuplicateChildError(name ?? '(being started)', spec.id);
    ids.add(spec.id);
  }
}

/**
 * Checks the options that local and distributed supervisors have in common.
 *
 * @throws InvalidArgumentError, UnknownOptionError
 */
export function checkPolicies({
  strategy = 'one_for_one',
  autoShutdown = 'never',
  restartIntensity,
}: Pick<SupervisorOptions, 'strategy' | 'autoShutdown' | 'restartIntensity'>): void {
  if (!STRATEGIES.includes(strategy)) throw new InvalidArgumentError('strategy', STRATEGIES.join(' | '), strategy);
  if (!AUTO_SHUTDOWNS.includes(autoShutdown)) {
    throw new InvalidArgumentError('autoShutdown', AUTO_SHUTDOWNS.join(' | '), autoShutdown);
  }
  if (restartIntensity !== undefined) checkIntensity(restartIntensity);
}

/** Checks one child spec. @throws InvalidChildSpecError, UnknownOptionError */
export function checkChildSpec(spec: ChildSpec, autoShutdown: AutoShutdown): void {
  if (!isObject(spec)) throw new InvalidChildSpecError('it', 'must be an object');
  if (typeof spec.id !== 'string' || spec.id === '')
    throw new InvalidChildSpecError('id', 'must be a non-empty string');
  checkKnown(spec, SPEC_OPTIONS, `the spec of child '${spec.id}'`);
  checkChild(spec, autoShutdown);
}

function checkChild(child: ChildOptions & { readonly start: unknown }, autoShutdown: AutoShutdown): void {
  if (typeof child.start !== 'function')
    throw new InvalidChildSpecError('start', 'must be a function that resolves with a ref');
  checkChildOptions(child, autoShutdown);
}

/** @throws InvalidChildSpecError */
export function checkChildOptions(child: ChildOptions, autoShutdown: AutoShutdown): void {
  const { restart = 'permanent', shutdownTimeout, significant = false } = child;
  if (!RESTART_TYPES.includes(restart))
    throw new InvalidChildSpecError('restart', `must be ${RESTART_TYPES.join(' | ')}`);
  const limited = shutdownTimeout !== undefined && shutdownTimeout !== Number.POSITIVE_INFINITY;
  if (limited && !isDelay(shutdownTimeout)) {
    throw new InvalidChildSpecError('shutdownTimeout', `must be a number of ms from 0 to ${MAX_TIMER_MS}, or Infinity`);
  }
  if (typeof significant !== 'boolean') throw new InvalidChildSpecError('significant', 'must be a boolean');
  if (significant && restart === 'permanent') {
    throw new InvalidChildSpecError(
      'significant',
      "needs restart 'transient' or 'temporary': a permanent child is always restarted",
    );
  }
  if (significant && autoShutdown === 'never') {
    throw new InvalidChildSpecError(
      'significant',
      "has no effect with autoShutdown 'never'; start the supervisor with 'any_significant' or 'all_significant'",
    );
  }
}

function checkIntensity(intensity: RestartIntensity): void {
  if (!isObject(intensity)) throw new InvalidArgumentError('restartIntensity', '{ maxRestarts, withinMs }', intensity);
  checkKnown(intensity, INTENSITY_OPTIONS, 'restartIntensity');
  const { maxRestarts, withinMs, backoff } = intensity;
  if (backoff !== undefined) checkBackoff(backoff);
  if (!(Number.isInteger(maxRestarts) && maxRestarts >= 0)) {
    throw new InvalidArgumentError('restartIntensity.maxRestarts', 'a whole number, at least 0', maxRestarts);
  }
  if (!(withinMs > 0 && Number.isFinite(withinMs))) {
    throw new InvalidArgumentError('restartIntensity.withinMs', 'a number of ms above 0', withinMs);
  }
}

function checkBackoff(backoff: RestartBackoff): void {
  if (!isObject(backoff))
    throw new InvalidArgumentError('restartIntensity.backoff', '{ minMs, maxMs, factor? }', backoff);
  checkKnown(backoff, BACKOFF_OPTIONS, 'restartIntensity.backoff');
  const { minMs, maxMs, factor = 2 } = backoff;
  if (!(isDelay(minMs) && minMs > 0)) {
    throw new InvalidArgumentError('restartIntensity.backoff.minMs', 'a number of ms above 0', minMs);
  }
  if (!(isDelay(maxMs) && maxMs >= minMs)) {
    throw new InvalidArgumentError('restartIntensity.backoff.maxMs', 'a number of ms, at least minMs', maxMs);
  }
  if (!(Number.isFinite(factor) && factor >= 1)) {
    throw new InvalidArgumentError('restartIntensity.backoff.factor', 'a number, at least 1', factor);
  }
}
