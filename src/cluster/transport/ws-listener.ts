import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { systemClock, type Timer } from '../../clock.js';
import { ListenError } from '../../errors.js';
import { secretsOf } from '../tls-config.js';
import type { Address, Connection, Listener, TlsSettings } from './transport.js';
import { UnauthenticatedConnections } from './unauthenticated-connections.js';
import { CLOSE_TIMEOUT_MS, SOCKET_OPTIONS, WsConnection } from './ws-connection.js';

/** The headers of a request to upgrade are a few hundred bytes; a proxy may add its own. */
const MAX_HEADER_BYTES = 8 * 1024;

/** An accepted TCP connection. */
interface Guest {
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
  return createSecureServer({ ...secretsOf(tls), ...verification, ...limits }, refuseRequest);
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
  const guests = new Guests(handshakeTimeoutMs);
  server.on('connection', (socket: Socket) => guests.add(socket));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const guest = guests.find(request.socket);
    if (guest === undefined) {
      socket.destroy();
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new WsConnection(webSocket, guest.address, () => guests.trust(guest));
      guest.connection = connection;
      connection.guard(request.socket);
      accept(connection);
    });
  });
  await bind(server, address);
  server.on('error', () => {
    // A connection that could not be accepted. The dialling side sees that, and dials again.
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => end(server, guests),
  };
}

/** All accepted connections. */
class Guests {
  readonly #handshakeTimeoutMs: number;
  /** By the other end: under TLS the socket of a request is another one than that which was accepted. */
  readonly #byEnd = new Map<string, Guest>();
  readonly #all = new Set<Guest>();
  readonly #unauthenticated = new UnauthenticatedConnections<Guest>(({ socket }) => socket.destroy());

  constructor(handshakeTimeoutMs: number) {
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
  }

  add(socket: Socket): void {
    // A client that has disconnected has no address any more; there may be many of them.
    const { remoteAddress: address = 'unknown' } = socket;
    const end = endOf(socket);
    const deadline = systemClock.setTimeout(() => {
      if (guest.connection === undefined) socket.destroy();
      else guest.connection.expire();
    }, this.#handshakeTimeoutMs);
    const guest: Guest = { socket, address, deadline, connection: undefined };
    this.#all.add(guest);
    this.#byEnd.set(end, guest);
    this.#unauthenticated.add(guest, address);
    socket.once('close', () => {
      this.#all.delete(guest);
      if (this.#byEnd.get(end) === guest) this.#byEnd.delete(end);
      this.trust(guest);
    });
  }

  find(socket: Socket): Guest | undefined {
    return this.#byEnd.get(endOf(socket));
  }

  /** The guest has proved its identity. */
  trust(guest: Guest): void {
    systemClock.clearTimeout(guest.deadline);
    this.#unauthenticated.remove(guest, guest.address);
  }

  destroyAll(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  /** Those that speak WebSocket are sent a close frame by their owners. */
  destroyOthers(): void {
    for (const { socket, connection } of this.#all) if (connection === undefined) socket.destroy();
  }
}

function endOf({ remoteAddress, remotePort }: Socket): string {
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

function end(server: Server, guests: Guests): Promise<void> {
  return new Promise((resolve) => {
    const deadline = systemClock.setTimeout(() => guests.destroyAll(), CLOSE_TIMEOUT_MS);
    server.close(() => {
      systemClock.clearTimeout(deadline);
      resolve();
    });
    guests.destroyOthers();
  });
}
