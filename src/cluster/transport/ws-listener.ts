import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { systemClock, type Timer } from '../../clock.js';
import { ListenError } from '../../errors.js';
import { secureContextOptions } from '../tls-config.js';
import type { Address, Connection, Listener, TlsSettings } from './transport.js';
import { UnauthenticatedConnections } from './unauthenticated-connections.js';
import { CLOSE_TIMEOUT_MS, SOCKET_OPTIONS, WsConnection } from './ws-connection.js';

/**
 * The most bytes in the headers of an HTTP request. The headers of an upgrade have a few hundred bytes; a proxy may add
 * some.
 */
const MAX_HEADER_BYTES = 8 * 1024;

/** An accepted TCP connection, and the WebSocket connection that it is upgraded to. */
interface AcceptedConnection {
  /** The TCP socket. With TLS, the HTTP request has another socket object. */
  readonly socket: Socket;
  readonly address: string;
  /** Ends the connection, or reports a violation on it, unless the other side has proved its identity in time. */
  readonly deadline: Timer;
  /** `undefined` until the connection is upgraded to a WebSocket. */
  connection: WsConnection | undefined;
}

export interface ListenOptions {
  readonly address: Address;
  readonly tls: TlsSettings | undefined;
  readonly accept: (connection: Connection) => void;
  /** How long the peer may take to prove its identity, from when the connection is accepted, ms. */
  readonly handshakeTimeoutMs: number;
}

const refuseRequest: RequestListener = (_request, response) => {
  response.writeHead(426, { Connection: 'close', 'Content-Type': 'text/plain' }).end('noex nodes speak WebSocket\n');
};

function createListeningServer(tls: TlsSettings | undefined): Server {
  const limits = { maxHeaderSize: MAX_HEADER_BYTES };
  if (tls === undefined) return createServer(limits, refuseRequest);
  const { requestPeerCert = false } = tls;
  const verification = { requestCert: requestPeerCert, rejectUnauthorized: requestPeerCert };
  return createSecureServer({ ...secureContextOptions(tls), ...verification, ...limits }, refuseRequest);
}

/**
 * Listens for WebSocket connections, and calls `accept` with each of them.
 *
 * @throws ListenError (as a rejection) if the address cannot be bound
 */
export async function listenForWebSockets({
  address,
  tls,
  accept,
  handshakeTimeoutMs,
}: ListenOptions): Promise<Listener> {
  const server = createListeningServer(tls);
  const webSockets = new WebSocketServer({
    ...SOCKET_OPTIONS,
    noServer: true,
    clientTracking: false,
    // Only browsers send an `Origin` header. They are refused, because a web page must not be able to connect to a node
    // on the loopback interface of its visitor.
    verifyClient: ({ req }, decide) => decide(req.headers.origin === undefined, 403),
  });
  const accepted = new AcceptedConnections(handshakeTimeoutMs);
  server.on('connection', (socket: Socket) => accepted.add(socket));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const entry = accepted.find(request.socket);
    if (entry === undefined) {
      socket.destroy();
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new WsConnection(webSocket, entry.address, () => accepted.trust(entry));
      entry.connection = connection;
      connection.enforceLimits(request.socket);
      accept(connection);
    });
  });
  await bind(server, address);
  server.on('error', () => {
    // A connection could not be accepted. There is nothing to do, because the dialling side dials again.
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => end(server, accepted),
  };
}

/** The accepted connections that are open, and the limits on those whose peers have not proved their identity. */
class AcceptedConnections {
  readonly #handshakeTimeoutMs: number;
  /** By remote address and port, because with TLS, the socket of a request is not the accepted socket. */
  readonly #byRemote = new Map<string, AcceptedConnection>();
  readonly #all = new Set<AcceptedConnection>();
  readonly #unauthenticated = new UnauthenticatedConnections<AcceptedConnection>(({ socket }) => socket.destroy());

  constructor(handshakeTimeoutMs: number) {
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
  }

  add(socket: Socket): void {
    // A client that has already disconnected has no address. Several such clients may have the same key.
    const { remoteAddress: address = 'unknown' } = socket;
    const end = remoteOf(socket);
    const deadline = systemClock.setTimeout(() => {
      if (entry.connection === undefined) socket.destroy();
      else entry.connection.expire();
    }, this.#handshakeTimeoutMs);
    const entry: AcceptedConnection = { socket, address, deadline, connection: undefined };
    this.#all.add(entry);
    this.#byRemote.set(end, entry);
    this.#unauthenticated.add(entry, address);
    socket.once('close', () => {
      this.#all.delete(entry);
      if (this.#byRemote.get(end) === entry) this.#byRemote.delete(end);
      this.trust(entry);
    });
  }

  /** Returns the accepted connection over which an HTTP request came; `undefined` if it has closed. */
  find(socket: Socket): AcceptedConnection | undefined {
    return this.#byRemote.get(remoteOf(socket));
  }

  /** Ends the deadline and the limits of a connection, because its peer has proved its identity, or it has closed. */
  trust(entry: AcceptedConnection): void {
    systemClock.clearTimeout(entry.deadline);
    this.#unauthenticated.remove(entry, entry.address);
  }

  destroyAll(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  /**
   * Destroys the connections that were not upgraded to a WebSocket. Leaves the WebSockets to their owners, which close
   * them with a close frame.
   */
  destroyNotUpgraded(): void {
    for (const { socket, connection } of this.#all) if (connection === undefined) socket.destroy();
  }
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function bind(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      reject(ListenError.because(host, port, cause));
    };
    server.once('error', onError);
    // Without `exclusive`, workers of `node:cluster` would share the port, and each would get a part of the
    // connections.
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener('error', onError);
      resolve();
    });
  });
}

function end(server: Server, accepted: AcceptedConnections): Promise<void> {
  return new Promise((resolve) => {
    const deadline = systemClock.setTimeout(() => accepted.destroyAll(), CLOSE_TIMEOUT_MS);
    server.close(() => {
      systemClock.clearTimeout(deadline);
      resolve();
    });
    accepted.destroyNotUpgraded();
  });
}
