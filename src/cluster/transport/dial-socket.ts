import net, { type Socket, type TcpNetConnectOpts } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';

/** The two ends of a TCP connection, as its socket reports them. */
export type SocketEnds = Partial<Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>>;

/**
 * Whether a socket is connected with itself. TCP allows that: when no process listens on a port of this machine from
 * which the operating system takes its own ports, it may take that very one, and both ends dial each other.
 */
export function isSelfConnection({ localAddress, localPort, remoteAddress, remotePort }: SocketEnds): boolean {
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
}

/**
 * A socket on its way to the given address. One that reaches itself fails with `ECONNREFUSED`: no process listens
 * there.
 */
export function dialSocket(options: TcpNetConnectOpts, secure: ConnectionOptions | undefined): Socket {
  const socket = net.connect(options);
  const outer = secure === undefined ? socket : tls.connect({ ...secure, ...options, socket });
  socket.once('connect', () => {
    if (!isSelfConnection(socket)) return;
    // By a reset: after an orderly end the port would stay taken for a minute.
    socket.resetAndDestroy();
    outer.emit('error', refused(options));
  });
  return outer;
}

function refused({ host, port }: TcpNetConnectOpts): Error {
  const error = new Error(`connect ECONNREFUSED ${host}:${port}: the connection reached itself`);
  return Object.assign(error, { code: 'ECONNREFUSED', address: host, port });
}
