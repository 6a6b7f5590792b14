import { MAX_TIMER_MS } from '../clock.js';
import { asError, InvalidClusterConfigError, InvalidNodeIdError } from '../errors.js';
import { unknownField } from '../validate.js';
import type { AdvertiseOptions, ClusterConfig, ClusterSettings } from './cluster-config.js';
import { ChosenEngine } from './engine.js';
import type { Role } from './frames.js';
import { createDescription, metadataProblem, type NodeDescription, rolesProblem } from './node-description.js';
import { canonicalHost, isNodeName } from './node-id.js';
import { parseSeed, type SeedSource } from './parse-seed.js';
import { readTls } from './tls-config.js';

/** The most secrets of one option. The proof of a peer that connects may be checked against each of them. */
const MAX_SECRETS = 8;

/** The largest `minNodes`. */
const MAX_MIN_NODES = 10_000;

const FIELDS: { readonly [F in keyof Required<ClusterConfig>]: true } = {
  nodeName: true,
  engine: true,
  host: true,
  listen: true,
  port: true,
  advertise: true,
  seeds: true,
  clusterSecret: true,
  observerSecret: true,
  tls: true,
  heartbeatIntervalMs: true,
  heartbeatMissThreshold: true,
  reconnectBaseDelayMs: true,
  reconnectMaxDelayMs: true,
  forgetAfterMs: true,
  accept: true,
  roles: true,
  metadata: true,
  minNodes: true,
  insecure: true,
};

/** The options that only the mesh has. */
const MESH_FIELDS = [
  'host',
  'listen',
  'port',
  'advertise',
  'seeds',
  'clusterSecret',
  'observerSecret',
  'tls',
  'insecure',
] as const satisfies readonly (keyof ClusterConfig)[];

/**
 * Validates a configuration, and applies the defaults.
 *
 * @throws InvalidClusterConfigError with the name of the field
 */
export function readClusterConfig(config: ClusterConfig, role: Role = 'member'): ClusterSettings {
  checkFields(config);
  const nodeName = readNodeName(config.nodeName);
  const engine = readEngine(config);
  const host = readHost('host', config.host ?? '127.0.0.1');
  if (isWildcard(host)) {
    throw new InvalidClusterConfigError(
      'host',
      `must be an address that other nodes can reach; give ${host} as listen`,
    );
  }
  const advertise = readAdvertise(host, config.advertise);
  const listen = { host: readHost('listen', config.listen ?? host), port: readPort('port', config.port ?? 4369, 0) };
  const { clusterSecrets, observerSecrets } =
    role === 'observer' ? readSecretsOfObserver(config) : readSecretsOfMember(config);
  const tls = readTls(config.tls, role);
  const isClosed = clusterSecrets.length > 0 || tls?.requestPeerCert === true;
  if (!isClosed && !readFlag('insecure', config.insecure) && !isLoopback(listen.host)) {
    const field = config.listen === undefined ? 'host' : 'listen';
    throw new InvalidClusterConfigError(
      field,
      `${listen.host} can be reached from other machines: set clusterSecret, or tls with requestPeerCert, or insecure: true if any peer may join`,
    );
  }
  checkReachable(config, host, listen.host);
  const heartbeatIntervalMs = readTime(
    'heartbeatIntervalMs',
    config.heartbeatIntervalMs ?? engine?.heartbeatIntervalMs ?? 1000,
  );
  const baseMs = readTime('reconnectBaseDelayMs', config.reconnectBaseDelayMs ?? 1000);
  const maxMs = readTime('reconnectMaxDelayMs', config.reconnectMaxDelayMs ?? Math.max(30_000, baseMs));
  if (maxMs < baseMs) {
    const problem = `must not be less than reconnectBaseDelayMs (${baseMs})`;
    throw new InvalidClusterConfigError('reconnectMaxDelayMs', problem);
  }
  return {
    nodeName,
    engine,
    advertise,
    listen,
    seeds: readSeeds(config.seeds ?? []),
    clusterSecrets,
    observerSecrets,
    tls,
    detector: {
      intervalMs: heartbeatIntervalMs,
      missThreshold: readWhole('heartbeatMissThreshold', config.heartbeatMissThreshold ?? 5, 2, 1000),
    },
    backoff: { baseMs, maxMs },
    forgetAfterMs: readTime('forgetAfterMs', config.forgetAfterMs ?? 60_000),
    accept: readAccept(config.accept),
    description: readDescription(config),
    minNodes: config.minNodes === undefined ? undefined : readWhole('minNodes', config.minNodes, 1, MAX_MIN_NODES),
  };
}

function readEngine(config: ClusterConfig): ChosenEngine | undefined {
  const { engine } = config;
  if (engine === undefined) return undefined;
  if (!(engine instanceof ChosenEngine))
    throw new InvalidClusterConfigError('engine', 'must be what nats() of noex/nats returns');
  for (const field of MESH_FIELDS) {
    if (config[field] !== undefined)
      throw new InvalidClusterConfigError(
        field,
        `is an option of the mesh; remove it, because engine is ${engine.name}`,
      );
  }
  return engine;
}

function readAccept(value: ClusterConfig['accept']): ClusterSettings['accept'] {
  if (value === undefined || typeof value === 'function') return value;
  throw new InvalidClusterConfigError('accept', 'must be a function');
}

function readDescription({ roles, metadata }: ClusterConfig): NodeDescription {
  const ofRoles = roles === undefined ? undefined : rolesProblem(roles);
  if (ofRoles !== undefined) throw new InvalidClusterConfigError('roles', ofRoles);
  const ofMetadata = metadata === undefined ? undefined : metadataProblem(metadata);
  if (ofMetadata !== undefined) throw new InvalidClusterConfigError('metadata', ofMetadata);
  return createDescription({ roles, metadata });
}

/**
 * Checks that the node id does not have the default host 127.0.0.1 if this node listens at another address. Other nodes
 * dial the host in the node id, and on another machine, 127.0.0.1 does not lead to this node.
 *
 * @throws InvalidClusterConfigError
 */
function checkReachable(config: ClusterConfig, host: string, listen: string): void {
  if (config.host !== undefined || config.advertise?.host !== undefined || listen === host) return;
  throw new InvalidClusterConfigError(
    'host',
    `is missing: the node id would have ${host}, but the node listens on ${listen}; set host to the address at which other nodes reach it`,
  );
}

function checkFields(config: ClusterConfig): void {
  if (typeof config !== 'object' || config === null) {
    throw new InvalidClusterConfigError('config', "must be an object such as { nodeName: 'nodeA' }");
  }
  const field = unknownField(config, Object.keys(FIELDS));
  if (field !== undefined) {
    throw new InvalidClusterConfigError(field, `is not an option; expected one of ${Object.keys(FIELDS).join(', ')}`);
  }
}

function readNodeName(value: unknown): string {
  if (value === undefined) throw new InvalidClusterConfigError('nodeName', 'is missing; every node needs one');
  if (typeof value !== 'string' || !isNodeName(value)) {
    throw new InvalidClusterConfigError(
      'nodeName',
      'must be a letter, then letters, digits, _ or -, at most 64 characters',
    );
  }
  return value;
}

function readHost(field: string, value: unknown): string {
  const host = typeof value === 'string' ? canonicalHost(value) : undefined;
  if (host === undefined) {
    throw new InvalidClusterConfigError(field, 'must be an IPv4 address, an IPv6 address or a host name');
  }
  return host.replace(/^\[|\]$/g, '');
}

function readPort(field: string, value: unknown, min: 0 | 1): number {
  return readWhole(field, value, min, 65_535);
}

function readAdvertise(host: string, value: unknown): ClusterSettings['advertise'] {
  if (value === undefined) return { host };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidClusterConfigError('advertise', 'must be an object such as { host, port }');
  }
  for (const field of Object.keys(value)) {
    if (field !== 'host' && field !== 'port') {
      throw new InvalidClusterConfigError(`advertise.${field}`, 'is not an option; expected host or port');
    }
  }
  const advertise: AdvertiseOptions = value;
  const advertised = readHost('advertise.host', advertise.host ?? host);
  if (isWildcard(advertised)) {
    throw new InvalidClusterConfigError(
      'advertise.host',
      `must be an address that other nodes can reach, not ${advertised}`,
    );
  }
  if (advertise.port === undefined) return { host: advertised };
  return { host: advertised, port: readPort('advertise.port', advertise.port, 1) };
}

function readSeeds(value: unknown): ClusterSettings['seeds'] {
  if (typeof value === 'function') return [value as SeedSource];
  if (!Array.isArray(value)) {
    throw new InvalidClusterConfigError('seeds', 'must be an array of name@host:port, host:port or dns:name:port');
  }
  return value.map((seed: unknown, index) => {
    if (typeof seed === 'function') return seed as SeedSource;
    try {
      return parseSeed(seed as string);
    } catch (cause) {
      const problem = cause instanceof InvalidNodeIdError ? cause.message : asError(cause).message;
      throw new InvalidClusterConfigError(`seeds[${index}]`, `is invalid: ${problem}`, { cause });
    }
  });
}

type Secrets = Pick<ClusterSettings, 'clusterSecrets' | 'observerSecrets'>;

/** Returns the secrets of a member: those that it accepts from all peers, and further ones from observers only. */
function readSecretsOfMember(config: ClusterConfig): Secrets {
  const clusterSecrets = readSecrets('clusterSecret', config.clusterSecret);
  const observerSecrets = readSecrets('observerSecret', config.observerSecret);
  if (observerSecrets.length > 0 && clusterSecrets.length === 0) {
    throw new InvalidClusterConfigError('observerSecret', 'needs a clusterSecret: without one, any peer may join');
  }
  if (observerSecrets.some((secret) => clusterSecrets.includes(secret))) {
    throw new InvalidClusterConfigError(
      'observerSecret',
      'must not be in clusterSecret: a peer that knows it could join as a node',
    );
  }
  return { clusterSecrets, observerSecrets };
}

/**
 * Returns the secrets of an observer, from `clusterSecret` or `observerSecret`. The observer authenticates with the
 * first of `clusterSecrets`. No peer connects to an observer, so `observerSecrets` is empty.
 */
function readSecretsOfObserver({ clusterSecret, observerSecret }: ClusterConfig): Secrets {
  if (clusterSecret !== undefined && observerSecret !== undefined) {
    throw new InvalidClusterConfigError(
      'observerSecret',
      'and clusterSecret cannot be combined for an observer; give one of them',
    );
  }
  const clusterSecrets =
    observerSecret === undefined
      ? readSecrets('clusterSecret', clusterSecret)
      : readSecrets('observerSecret', observerSecret);
  return { clusterSecrets, observerSecrets: [] };
}

function readSecrets(field: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const secrets: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isSecret = (secret: unknown): secret is string => typeof secret === 'string' && secret !== '';
  if (secrets.length === 0 || secrets.length > MAX_SECRETS || !secrets.every(isSecret)) {
    throw new InvalidClusterConfigError(
      field,
      `must be a non-empty string, or an array of 1 to ${MAX_SECRETS} non-empty strings`,
    );
  }
  return secrets;
}

function readFlag(field: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean')
    throw new InvalidClusterConfigError(field, 'must be true or false');
  return value === true;
}

function readTime(field: string, value: unknown): number {
  return readWhole(field, value, 1, MAX_TIMER_MS);
}

function readWhole(field: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new InvalidClusterConfigError(field, `must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}
