import type { Engine } from './cluster/cluster-config.js';
import { natsBroker } from './cluster/nats/nats-broker.js';
import { checkNatsOptions, type NatsOptions } from './cluster/nats/nats-options.js';
import { brokerEngine } from './cluster/nats/start-nats.js';

export type { Engine } from './cluster/cluster-config.js';
export type { NatsOptions, NatsTlsOptions } from './cluster/nats/nats-options.js';

/**
 * The engine that forms a cluster through NATS, for the option `engine` of `Cluster.start`. Needs the package
 * `@nats-io/transport-node`. All nodes of a cluster give the same `cluster`; seeds, addresses and ports are not needed.
 *
 * `Cluster.start` then rejects with EngineUnreachableError if no server answers or the server refuses the node, and with
 * MissingPackageError without that package.
 *
 * @throws InvalidArgumentError, UnknownOptionError
 * @example
 * await Cluster.start({ nodeName: 'orders-1', engine: nats({ servers: 'nats://127.0.0.1:4222', cluster: 'shop' }) });
 */
export function nats(options: NatsOptions): Engine {
  checkNatsOptions(options);
  return brokerEngine({ connect: natsBroker(options), cluster: options.cluster });
}
