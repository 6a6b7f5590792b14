import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { secureContextOptions } from '../tls-config.js';
import { dialSocket } from './dial-socket.js';
import { formatAddress, type Transport } from './transport.js';
import { SOCKET_OPTIONS, WsConnection } from './ws-connection.js';
import { listenForWebSockets } from './ws-listener.js';

/** The default of {@link WsTransportOptions.handshakeTimeoutMs}. */
const HANDSHAKE_TIMEOUT_MS = 5000;

export interface WsTransportOptions {
  /** How long the peer may take to prove its identity, from when the connection is accepted, ms. Default 5000. */
  readonly handshakeTimeoutMs?: number;
  /** Returns all addresses of a host name. Default: those that the operating system finds. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

async function lookupAll(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

/**
 * Creates the transport over WebSockets. It joins the frames of one turn of the event loop to messages with one line
 * for each frame, because sending a message takes many times as much time as adding a line.
 */
export function createWsTransport({
  resolve = lookupAll,
  handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS,
}: WsTransportOptions = {}): Transport {
  return {
    listen: (address, accept, tls) => listenForWebSockets({ address, accept, tls, handshakeTimeoutMs }),
    resolve,
    connect(address, tls) {
      const url = `${tls === undefined ? 'ws' : 'wss'}://${formatAddress(address)}`;
      const servername = address.servername ?? (isIP(address.host) === 0 ? address.host : '');
      const secure = tls && { ...secureContextOptions(tls), servername };
      const createConnection = (): Socket => dialSocket(address, secure);
      const webSocket = new WebSocket(url, { ...SOCKET_OPTIONS, createConnection });
      const connection = new WsConnection(webSocket, formatAddress(address));
      // Limits apply only from the time when the WebSocket is open, because an earlier `data` listener would take the
      // bytes that arrive right after the upgrade.
      webSocket.once('upgrade', ({ socket }) => webSocket.once('open', () => connection.enforceLimits(socket)));
      return connection;
    },
  };
}
