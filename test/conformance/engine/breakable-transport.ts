import type { Connection, Transport } from '../../../src/cluster/transport/transport.js';

/** A transport whose connections can be broken all at once. */
export function breakable(transport: Transport, connections: Set<Connection>): Transport {
  const kept = (connection: Connection): Connection => {
    connections.add(connection);
    return connection;
  };
  return {
    ...(transport.resolve && { resolve: (host) => transport.resolve?.(host) ?? [host] }),
    listen: (address, accept, tls) => transport.listen(address, (connection) => accept(kept(connection)), tls),
    connect: (address, tls) => kept(transport.connect(address, tls)),
  };
}
