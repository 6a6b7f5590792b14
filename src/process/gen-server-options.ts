import { InvalidArgumentError } from '../errors.js';
import { checkGlobalName, checkKnown, checkTimeout } from '../validate.js';
import type { OverloadPolicy } from './bounded-mailbox.js';
import type { AnyBehavior } from './gen-server-types.js';

export interface GenServerOptions {
  /** Registers the process under this name, until the process ends or the name is unregistered. */
  readonly name?: string | undefined;
  /**
   * Where the name is unique. `local` (default): in this runtime. `global`: in the whole cluster; requires `name`.
   * `init` runs only after every connected node has accepted the claim of a global name. If two partitions merge, and
   * each has an owner of the name, the owner with the later claim is killed.
   */
  readonly registration?: 'local' | 'global' | undefined;
  /**
   * A text shown with the process. Several processes may have the same label. Statistics of processes without a name
   * are summed by label. Default: the global name if there is one; otherwise none.
   */
  readonly label?: string | undefined;
  /** How long an async `init` may take, ms. Default 5000. Infinity: no limit. */
  readonly initTimeout?: number | undefined;
  /**
   * How many messages may wait in the mailbox. Default: no limit for messages from this node; a message from another
   * node is accepted while fewer than 100,000 messages wait.
   */
  readonly mailboxLimit?: number | undefined;
  /**
   * What the process does with a message that arrives when the mailbox is full. Default `reject`. Dropped and rejected
   * messages are counted in the statistics.
   */
  readonly overload?: OverloadPolicy | undefined;
  /**
   * The async context (AsyncLocalStorage) that handlers run in.
   *
   * `runtime`, the default: the context that was current when the runtime was created, normally none. The context of
   * one caller never reaches the messages of another.
   *
   * `caller`: each message is handled in the context of its sender, and `init` runs in the context of the code that
   * starts the process. This costs 0.2 to 0.5 us per message.
   */
  readonly context?: 'runtime' | 'caller' | undefined;
  /**
   * What happens when a process linked with this one ends. `true`: this process handles an info `{ type: 'exit', link,
   * ref, reason }` and keeps running. `false` (default): this process ends with the same reason, unless the reason is
   * `normal`.
   */
  readonly trapExit?: boolean | undefined;
}

const START_OPTIONS = [
  'name',
  'registration',
  'label',
  'initTimeout',
  'mailboxLimit',
  'overload',
  'context',
  'trapExit',
] satisfies (keyof GenServerOptions)[];
const CONTEXTS: readonly unknown[] = ['runtime', 'caller'];
const OVERLOAD_POLICIES: readonly unknown[] = ['reject', 'drop_newest', 'drop_oldest'] satisfies OverloadPolicy[];

/** The start options with defaults filled in. */
type StartSettings = Pick<GenServerOptions, 'name' | 'label'> & {
  readonly [Field in Exclude<keyof GenServerOptions, 'name' | 'label'>]-?: NonNullable<GenServerOptions[Field]>;
};

/** Checks the options of `GenServer.start` and fills in defaults. @throws InvalidArgumentError, UnknownOptionError */
export function readStartOptions(options: GenServerOptions): StartSettings {
  checkKnown(options, START_OPTIONS, 'the options of GenServer.start');
  const { name, label, initTimeout = 5000, mailboxLimit = Number.POSITIVE_INFINITY } = options;
  const { overload = 'reject', context = 'runtime', trapExit = false, registration = 'local' } = options;
  if (name !== undefined) checkName(name);
  checkRegistration(registration, name);
  if (label !== undefined) checkText('label', label);
  checkTimeout('initTimeout', initTimeout);
  if (mailboxLimit !== Number.POSITIVE_INFINITY && !(Number.isInteger(mailboxLimit) && mailboxLimit > 0)) {
    throw new InvalidArgumentError('mailboxLimit', 'a whole number of messages, at least 1', mailboxLimit);
  }
  if (!OVERLOAD_POLICIES.includes(overload)) {
    throw new InvalidArgumentError('overload', OVERLOAD_POLICIES.join(' | '), overload);
  }
  if (!CONTEXTS.includes(context)) throw new InvalidArgumentError('context', CONTEXTS.join(' | '), context);
  if (typeof trapExit !== 'boolean') throw new InvalidArgumentError('trapExit', 'true or false', trapExit);
  return { name, registration, label, initTimeout, mailboxLimit, overload, context, trapExit };
}

/** Checks the `registration` option. If it is `global`, also checks the name. @throws InvalidArgumentError */
export function checkRegistration(registration: unknown, name: string | undefined): void {
  if (registration !== 'local' && registration !== 'global') {
    throw new InvalidArgumentError('registration', "'local' or 'global'", registration);
  }
  if (registration === 'global') checkGlobalName(name);
}

/** Checks a registered name: a string that is not empty. @throws InvalidArgumentError */
export function checkName(name: unknown): asserts name is string {
  checkText('name', name);
}

function checkText(field: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidArgumentError(field, 'a string that is not empty', value);
  }
}

const OPTIONAL_HANDLERS = ['handleCast', 'handleInfo', 'handleContinue', 'terminate'] satisfies (keyof AnyBehavior)[];

/**
 * Checks that a behavior has `init`, and that each other callback is a function or missing. `handleCall` may also be a
 * table of functions.
 *
 * @throws InvalidArgumentError
 */
export function checkBehavior(behavior: unknown): void {
  if (typeof behavior !== 'object' || behavior === null) {
    throw new InvalidArgumentError('behavior', 'an object with init and handlers', behavior);
  }
  const init: unknown = Reflect.get(behavior, 'init');
  if (typeof init !== 'function') throw new InvalidArgumentError('behavior.init', 'a function', init);
  checkCallHandlers(Reflect.get(behavior, 'handleCall'));
  for (const handler of OPTIONAL_HANDLERS) {
    const value: unknown = Reflect.get(behavior, handler);
    if (value === undefined || typeof value === 'function') continue;
    throw new InvalidArgumentError(`behavior.${handler}`, 'a function, or undefined', value);
  }
}

function checkCallHandlers(handleCall: unknown): void {
  if (handleCall === undefined || typeof handleCall === 'function') return;
  const expected = 'a function, a table of functions by message type, or undefined';
  if (typeof handleCall !== 'object' || handleCall === null) {
    throw new InvalidArgumentError('behavior.handleCall', expected, handleCall);
  }
  for (const [type, handler] of Object.entries(handleCall)) {
    if (typeof handler !== 'function')
      throw new InvalidArgumentError(`behavior.handleCall.${type}`, 'a function', handler);
  }
}
