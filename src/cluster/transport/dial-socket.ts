import net, { type Socket, type TcpNetConnectOpts } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';

/** The two ends of a TCP connection, as its socket reports them. */
export type SocketEnds = Partial<Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>>;

/**
 * Whether a socket is connected with itself. This can happen if a local port in the range of ephemeral ports is dialled
 * and no process listens there: the operating system may choose the same port as the source of the connection.
 */
export function isSelfConnection({ localAddress, localPort, remoteAddress, remotePort }: SocketEnds): boolean {
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
}

/**
 * Dials an address, and returns the socket before it is connected. A socket that is connected with itself fails with
 * `ECONNREFUSED`, because no process listens at the address.
 *
 * @param secure the options of TLS; `undefined`: no TLS
 */
export function dialSocket(options: TcpNetConnectOpts, secure: ConnectionOptions | undefined): Socket {
  const socket = net.connect(options);
  const outer = secure === undefined ? socket : tls.connect({ ...secure, ...options, socket });
  socket.once('connect', () => {
    if (!isSelfConnection(socket)) return;
    // A reset frees the port at once. After an orderly end, the port would stay taken for a minute.
    socket.resetAndDestroy();
    outer.emit('error', refused(options));
  });
  return outer;
}

function refused({ host, port }: TcpNetConnectOpts): Error {
  const error = new Error(`connect ECONNREFUSED ${host}:${port}: the connection reached itself`);
  return Object.assign(error, { code: 'ECONNREFUSED', address: host, port });
}
