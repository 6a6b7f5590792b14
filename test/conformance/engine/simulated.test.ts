import { SimulatedClock } from '../../../src/clock.js';
import { MemoryHub } from '../../../src/cluster/memory-engine.js';
import { mesh } from '../../../src/cluster/mesh/start-mesh.js';
import { brokerEngine } from '../../../src/cluster/nats/start-nats.js';
import { MemoryNetwork } from '../../../src/cluster/transport/memory-transport.js';
import type { Connection } from '../../../src/cluster/transport/transport.js';
import { MemoryBroker } from '../../helpers/memory-broker.js';
import { seededRandom } from '../../helpers/seeded-random.js';
import { breakable } from './breakable-transport.js';
import type { EngineHarness } from './harness.js';
import { describeEngine } from './suite.js';

const STEP_MS = 20;
const LONGEST_MS = 120_000;

/** Time passes on a simulated clock, in steps, with all that promises bring about in between. */
function simulatedTime(clock: SimulatedClock): Pick<EngineHarness, 'eventually' | 'settled'> {
  const pass = async (): Promise<void> => {
    clock.advance(STEP_MS);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    async eventually(check) {
      for (let ms = 0; ; ms += STEP_MS) {
        try {
          check();
          return;
        } catch (error) {
          if (ms >= LONGEST_MS) throw error;
        }
        await pass();
      }
    },
    async settled(promise) {
      let isSettled = false;
      const done = (): void => {
        isSettled = true;
      };
      promise.then(done, done);
      // No time passes for a promise that settles without a timer.
      await new Promise((resolve) => setImmediate(resolve));
      while (!isSettled) await pass();
      return promise;
    },
  };
}

describeEngine('memory', () => {
  const clock = new SimulatedClock();
  const hub = new MemoryHub();
  return {
    engine: () => ({ clock, startNode: hub.engine }),
    breakConnections: () => hub.breakConnections(),
    ...simulatedTime(clock),
  };
});

describeEngine('mesh, over the memory transport', () => {
  const clock = new SimulatedClock();
  const random = seededRandom(1);
  const network = new MemoryNetwork({ clock, random });
  const connections = new Set<Connection>();
  return {
    engine: () => {
      const transport = network.transport();
      return { clock: transport.clock, startNode: mesh({ transport: breakable(transport, connections), random }) };
    },
    breakConnections() {
      for (const connection of connections) connection.terminate();
      connections.clear();
    },
    ...simulatedTime(clock),
  };
});

describeEngine('NATS, over a broker in memory', () => {
  const clock = new SimulatedClock();
  const random = seededRandom(1);
  const broker = new MemoryBroker(clock);
  const { startNode } = brokerEngine({ connect: broker.connect, cluster: 'shop', random });
  return {
    engine: () => ({ clock, startNode }),
    // Longer than a link outlives its broker.
    breakConnections: () => broker.breakConnections(7000),
    config: () => ({ heartbeatIntervalMs: 1000 }),
    sameId: () => ({}),
    ...simulatedTime(clock),
  };
});
