import { expect, test } from 'vitest';
import { MemoryNetwork, type MemoryTransport } from '../../../src/cluster/transport/memory-transport.js';
import type { Connection } from '../../../src/cluster/transport/transport.js';
import { SimulatedCluster } from '../../helpers/simulated-cluster.js';

/** A network that counts the members in the frames that it carries. */
class CountingNetwork extends MemoryNetwork {
  entries = 0;

  override transport(): MemoryTransport {
    const transport = super.transport();
    const counted = (connection: Connection): Connection => {
      const send = connection.send.bind(connection);
      connection.send = (text) => {
        if (text.includes('"type":"members"')) this.entries += text.split('"incarnation"').length - 1;
        send(text);
      };
      return connection;
    };
    return {
      ...transport,
      listen: (address, accept, tls) => transport.listen(address, (connection) => accept(counted(connection)), tls),
      connect: (address, tls) => counted(transport.connect(address, tls)),
    };
  }
}

/** Starts so many nodes at once; returns the member entries sent in ten seconds, and when all were linked, ms. */
async function form(
  size: number,
  seedCount: number,
): Promise<{ readonly entries: number; readonly linkedAfter: number }> {
  const runtime = new SimulatedCluster(3, {}, CountingNetwork);
  const port = 5000;
  const seeds = Array.from({ length: seedCount }, (_, at) => `n${at}@127.0.0.1:${port + at}`);
  const nodes = await Promise.all(
    Array.from({ length: size }, (_, at) =>
      runtime.start(
        `n${at}`,
        port + at,
        seeds.filter((seed) => !seed.startsWith(`n${at}@`)),
      ),
    ),
  );
  const areLinked = (): boolean => nodes.every(({ cluster }) => cluster.getConnectedNodeCount() === size - 1);
  let linkedAfter = 0;
  while (!areLinked() && linkedAfter < 10_000) {
    runtime.run(10);
    linkedAfter += 10;
  }
  runtime.run(10_000 - linkedAfter);
  return { entries: (runtime.network as CountingNetwork).entries, linkedAfter };
}

test.each([1, 3])(
  'the entries that a starting cluster sends grow with the square of its size, with %i seeds, and all are linked in 100 ms',
  async (seeds) => {
    const half = await form(50, seeds);
    const whole = await form(100, seeds);
    expect(whole.entries / half.entries).toBeLessThanOrEqual(4.5);
    // With a list for each link it was half a million.
    expect(whole.entries).toBeLessThan(125_000);
    expect([half.linkedAfter, whole.linkedAfter].every((ms) => ms <= 100)).toBe(true);
  },
);
