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

/** The headers of a request to upgrade are a few hundred bytes; a proxy may add its own. */
const MAX_HEADER_BYTES = 8 * 1024;

/** An accepted TCP connection. */
interface AcceptedConnection {
  /** Under TLS another one than that of its request. */
  readonly socket: Socket;
  readonly address: string;
  /** Ends it unless the other side has proved its identity. */
  readonly deadline: Timer;
  /** Once it speaks WebSocket. */
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

/** @throws ListenError (as a rejection) when the address cannot be bound */
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
    // Only browsers send an origin. A web page must not get to talk to a node that listens on its reader's loopback.
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
    // A connection that could not be accepted. The dialling side sees that, and dials again.
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => end(server, accepted),
  };
}

/** All accepted connections. */
class AcceptedConnections {
  readonly #handshakeTimeoutMs: number;
  /** By the other end: under TLS the socket of a request is another one than that which was accepted. */
  readonly #byRemote = new Map<string, AcceptedConnection>();
  readonly #all = new Set<AcceptedConnection>();
  readonly #unauthenticated = new UnauthenticatedConnections<AcceptedConnection>(({ socket }) => socket.destroy());

  constructor(handshakeTimeoutMs: number) {
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
  }

  add(socket: Socket): void {
    // A client that has disconnected has no address any more; there may be many of them.
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

  find(socket: Socket): AcceptedConnection | undefined {
    return this.#byRemote.get(remoteOf(socket));
  }

  /** The entry has proved its identity. */
  trust(entry: AcceptedConnection): void {
    systemClock.clearTimeout(entry.deadline);
    this.#unauthenticated.remove(entry, entry.address);
  }

  destroyAll(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  /** Those that speak WebSocket are sent a close frame by their owners. */
  destroyOthers(): void {
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
    // Exclusive: under node:cluster, workers would otherwise share the port, and each get a part of the connections.
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
    accepted.destroyOthers();
  });
}
