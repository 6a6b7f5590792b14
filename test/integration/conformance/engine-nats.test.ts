import { afterAll, beforeAll, vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { natsBroker } from '../../../src/cluster/nats/nats-broker.js';
import { brokerEngine } from '../../../src/cluster/nats/start-nats.js';
import { describeEngine } from '../../conformance/engine/suite.js';
import { NatsServer } from '../../helpers/nats-server.js';

let server: NatsServer;
let clusters = 0;

beforeAll(async () => {
  server = await NatsServer.start();
});

afterAll(() => server.stop());

describeEngine('NATS', () => {
  clusters += 1;
  const cluster = `cluster${clusters}`;
  const { startNode } = brokerEngine({ connect: natsBroker({ servers: server.url, cluster }), cluster });
  return {
    engine: () => ({ clock: systemClock, startNode }),
    eventually: (check) => vi.waitFor(check, { timeout: 20_000, interval: 5 }),
    settled: (promise) => promise,
    // The nodes connect again after half a second at the earliest, when all links have ended.
    breakConnections: () => void server.restart(),
    config: () => ({ heartbeatIntervalMs: 100, heartbeatMissThreshold: 3 }),
    sameId: () => ({}),
  };
});
