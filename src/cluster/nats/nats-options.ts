import { MAX_TIMER_MS } from '../../clock.js';
import { InvalidArgumentError } from '../../errors.js';
import { checkKnown, checkPositive, isObject } from '../../validate.js';
import { isNodeName } from '../node-id.js';

/** TLS for the connection with the server, in PEM. */
export interface NatsTlsOptions {
  /** The certificate authorities of the server. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** The certificate of this client, with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** How a node connects with NATS. Give at most one of `user`, `token`, `nkeySeed` and `credentials`. */
export interface NatsOptions {
  /** The servers: `nats://host:4222` or `host:4222`. One that answers is enough; it names the others of its cluster. */
  readonly servers: string | readonly string[];
  /**
   * The name of the cluster: nodes with different names do not see each other. A letter, then letters, digits, `_` or
   * `-`, at most 64 characters. It is the part of the node ids after the `@`.
   */
  readonly cluster: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** The seed of an NKey, which begins with `SU`. */
  readonly nkeySeed?: string | undefined;
  /** The text of a `.creds` file: a JWT and the seed of its NKey. */
  readonly credentials?: string | undefined;
  /** Encrypts the connection. Default: what the server demands, with the authorities of Node.js. */
  readonly tls?: NatsTlsOptions | undefined;
  /** How long the first attempt to connect may take, ms. Default 5000. */
  readonly connectTimeoutMs?: number | undefined;
}

const FIELDS = [
  'servers',
  'cluster',
  'user',
  'password',
  'token',
  'nkeySeed',
  'credentials',
  'tls',
  'connectTimeoutMs',
] as const satisfies readonly (keyof NatsOptions)[];

/** The options that say who the client is. */
const IDENTITIES = ['user', 'token', 'nkeySeed', 'credentials'] as const satisfies readonly (keyof NatsOptions)[];

/** @throws InvalidArgumentError, UnknownOptionError */
export function checkNatsOptions(options: NatsOptions): void {
  if (!isObject(options)) throw new InvalidArgumentError('options', 'an object such as { servers, cluster }', options);
  checkKnown(options, FIELDS, 'the options of nats');
  const { servers, cluster, connectTimeoutMs = 5000 } = options;
  const list: readonly unknown[] = Array.isArray(servers) ? servers : [servers];
  if (list.length === 0 || !list.every((server) => typeof server === 'string' && server !== ''))
    throw new InvalidArgumentError('servers', "an address such as 'nats://127.0.0.1:4222', or a list of them", servers);
  if (typeof cluster !== 'string' || !isNodeName(cluster))
    throw new InvalidArgumentError('cluster', 'a letter, then letters, digits, _ or -, at most 64 characters', cluster);
  for (const field of ['user', 'password', 'token', 'nkeySeed', 'credentials'] as const) {
    const value = options[field];
    // The value is not shown: it may be a secret.
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw new InvalidArgumentError(field, 'a non-empty string', typeof value);
  }
  const given = IDENTITIES.filter((field) => options[field] !== undefined);
  if (given.length > 1)
    throw new InvalidArgumentError(given[1] ?? '', `left out, because ${given[0]} is given`, 'both');
  checkPositive('connectTimeoutMs', connectTimeoutMs, MAX_TIMER_MS);
}
