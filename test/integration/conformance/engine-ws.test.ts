import { vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { mesh } from '../../../src/cluster/mesh/start-mesh.js';
import type { Connection } from '../../../src/cluster/transport/transport.js';
import { createWsTransport } from '../../../src/cluster/transport/ws-transport.js';
import { breakable } from '../../conformance/engine/breakable-transport.js';
import { describeEngine } from '../../conformance/engine/suite.js';

describeEngine('mesh, over WebSockets', () => {
  const connections = new Set<Connection>();
  return {
    engine: () => ({
      clock: systemClock,
      startNode: mesh({ transport: breakable(createWsTransport(), connections) }),
    }),
    eventually: (check) => vi.waitFor(check, { timeout: 20_000, interval: 5 }),
    settled: (promise) => promise,
    breakConnections() {
      for (const connection of connections) connection.terminate();
      connections.clear();
    },
  };
});
