import type { BrokerOptions } from 'moleculer';

export const SECRET = 'a secret of the benchmark';

/** A broker that finds the other one by its address, without UDP. */
export function moleculerOverTcp(nodeID: string, port: number, urls: readonly string[]): BrokerOptions {
  const transporter = { type: 'TCP', options: { port, urls, udpDiscovery: false } };
  return { nodeID, logger: false, transporter };
}
