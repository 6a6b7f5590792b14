import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/clock.js';
import { MemoryNetwork } from '../../../src/cluster/transport/memory-transport.js';

/** When messages sent one after the other, all at the same time, arrive, ms. */
async function arrivals(count: number, options: { lossRate?: number; random?: () => number }): Promise<number[]> {
  const clock = new SimulatedClock();
  const network = new MemoryNetwork({ clock, latencyMs: 10, ...options });
  const address = { host: '127.0.0.1', port: 5000 };
  const times: number[] = [];
  let from = 0;
  await network.transport().listen(address, (connection) => {
    connection.handle({
      onMessage: () => times.push(clock.monotonic() - from),
      onViolation: () => undefined,
      onClose: () => undefined,
    });
  });
  const connection = network.transport().connect(address);
  connection.handle({
    onOpen() {
      from = clock.monotonic();
      for (let sent = 0; sent < count; sent += 1) connection.send(String(sent));
    },
    onMessage: () => undefined,
    onViolation: () => undefined,
    onClose: () => undefined,
  });
  clock.advance(10_000);
  return times;
}

describe('a message on the network in memory', () => {
  test('takes its time, the same for all when nothing is random', async () => {
    expect(await arrivals(3, {})).toEqual([10, 10, 10]);
  });

  test('comes later when it is lost and sent again, and so do those behind it', async () => {
    // For each event first its time, then whether it is lost: two to connect, then three messages, of which the second is.
    const throws = [0.5, 0.9, 0.5, 0.9, 0.5, 0.9, 0.5, 0.05, 0.5, 0.9];
    const times = await arrivals(3, { lossRate: 0.1, random: () => throws.shift() ?? 0.5 });
    expect(times).toEqual([10, 210, 210]);
  });
});
