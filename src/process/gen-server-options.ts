import { InvalidArgumentError } from '../errors.js';
import { checkKnown, checkShortText, checkTimeout } from '../validate.js';
import type { OverloadPolicy } from './bounded-mailbox.js';
import type { AnyBehavior } from './gen-server-types.js';

export interface GenServerOptions {
  /** Registers the process under this name. */
  readonly name?: string | undefined;
  /**
   * Where the name is unique: `local` (default), in this runtime, or `global`, in the whole cluster. With `global`, `init` runs once
   * every connected node has accepted the name, and the process is killed if an earlier owner appears after a partition.
   */
  readonly registration?: 'local' | 'global' | undefined;
  /**
   * A text for people, shown with the process: several processes may have the same. Figures of a process without a name are
   * added up under its label.
   */
  readonly label?: string | undefined;
  /** How long `init` may take, ms. Default 5000; Infinity: as long as it takes. */
  readonly initTimeout?: number | undefined;
  /** How many messages may wait in the mailbox. Default: no limit. */
  readonly mailboxLimit?: number | undefined;
  /** What is done with a message for a full mailbox. Default `reject`. What is dropped is counted in the stats. */
  readonly overload?: OverloadPolicy | undefined;
  /**
   * The async context (AsyncLocalStorage) that handlers run in. `runtime`, the default: the one that was current when the
   * runtime was created, normally none, so that no caller's context reaches the messages of another. `caller`: each
   * message is handled in the context of its sender, and `init` in that of the starter; it costs 0.2 to 0.5 us a message.
   */
  readonly context?: 'runtime' | 'caller' | undefined;
  /**
   * When a process that it is linked with ends: handle an info `{ type: 'exit', link, ref, reason }`, and live on. Default
   * false: it ends with the same reason, unless that is `normal`.
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

/** The options of a start, with their defaults. */
type StartSettings = Pick<GenServerOptions, 'name' | 'label'> & {
  readonly [Field in Exclude<keyof GenServerOptions, 'name' | 'label'>]-?: NonNullable<GenServerOptions[Field]>;
};

/** @throws InvalidArgumentError, UnknownOptionError */
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

/** @throws InvalidArgumentError */
export function checkRegistration(registration: unknown, name: string | undefined): void {
  if (registration !== 'local' && registration !== 'global') {
    throw new InvalidArgumentError('registration', "'local' or 'global'", registration);
  }
  if (registration === 'global') checkShortText('name', name);
}

/** @throws InvalidArgumentError */
export function checkName(name: unknown): asserts name is string {
  checkText('name', name);
}

function checkText(field: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidArgumentError(field, 'a string that is not empty', value);
  }
}

const OPTIONAL_HANDLERS = ['handleCast', 'handleInfo', 'handleContinue', 'terminate'] satisfies (keyof AnyBehavior)[];

/** @throws InvalidArgumentError */
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
    throw new InvalidArgumentError(`behavior.${handler}`, 'a function, where there is one', value);
  }
}

function checkCallHandlers(handleCall: unknown): void {
  if (handleCall === undefined || typeof handleCall === 'function') return;
  const expected = 'a function, or a table of functions by type of message, where there is one';
  if (typeof handleCall !== 'object' || handleCall === null) {
    throw new InvalidArgumentError('behavior.handleCall', expected, handleCall);
  }
  for (const [type, handler] of Object.entries(handleCall)) {
    if (typeof handler !== 'function')
      throw new InvalidArgumentError(`behavior.handleCall.${type}`, 'a function', handler);
  }
}
