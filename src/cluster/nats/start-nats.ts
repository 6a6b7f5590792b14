import { ChosenEngine } from '../engine.js';
import type { ConnectBroker } from './broker.js';
import { NatsNode } from './nats-node.js';

/** The default interval of heartbeats, ms. It grows with the number of nodes. */
const HEARTBEAT_INTERVAL_MS = 2000;

interface BrokerEngineOptions {
  readonly connect: ConnectBroker;
  readonly cluster: string;
  /** Returns a random number from 0 up to 1, which spreads delays. Default `Math.random`. */
  readonly random?: () => number;
}

/** The engine whose nodes are all connected with a broker, and with nothing else. */
export function brokerEngine({ connect, cluster, random = Math.random }: BrokerEngineOptions): ChosenEngine {
  return new ChosenEngine(
    'nats',
    (options) => NatsNode.start({ ...options, connect, cluster, random }),
    HEARTBEAT_INTERVAL_MS,
  );
}
