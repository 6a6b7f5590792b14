import { InvalidArgumentError } from '../errors.js';
import { checkKnown, checkShortText, checkTimeout } from '../validate.js';
import { checkRegistration, type GenServerOptions } from './gen-server-options.js';

/** The options of `GenServer.startRemote`. */
export interface RemoteStartSettings extends Pick<GenServerOptions, 'name' | 'registration' | 'initTimeout'> {
  /** The id of the node that runs the process. It may be this node. */
  readonly targetNode: string;
  /** The argument of the behavior factory: plain data, Date, Map, Set, bigint or Error. */
  readonly args?: unknown;
  /** How long to wait for the whole start, ms. Default 10,000. Infinity: no limit. */
  readonly spawnTimeout?: number | undefined;
}

const OPTIONS = [
  'targetNode',
  'args',
  'name',
  'registration',
  'initTimeout',
  'spawnTimeout',
] satisfies (keyof RemoteStartSettings)[];

/**
 * Checks the options of `GenServer.startRemote` and fills in the default of `spawnTimeout`.
 *
 * @throws InvalidArgumentError, UnknownOptionError
 */
export function readRemoteStart(options: RemoteStartSettings): RemoteStartSettings & { readonly spawnTimeout: number } {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', 'an object with targetNode', options);
  }
  checkKnown(options, OPTIONS, 'the options of GenServer.startRemote');
  const { targetNode, name, initTimeout = 5000, spawnTimeout = 10_000, registration = 'local' } = options;
  if (typeof targetNode !== 'string') throw new InvalidArgumentError('targetNode', 'the id of a node', targetNode);
  if (name !== undefined) checkShortText('name', name);
  checkRegistration(registration, name);
  checkTimeout('initTimeout', initTimeout);
  checkTimeout('spawnTimeout', spawnTimeout);
  return { ...options, spawnTimeout };
}
