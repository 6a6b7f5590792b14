import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { asError, ListenError } from '../errors.js';
import { MAX_FRAME_BYTES } from './frames.js';
import { Inbox, SEPARATOR } from './inbox.js';
import { MAC_CHARS } from './session.js';
import { Strangers } from './strangers.js';
import { secretsOf } from './tls-config.js';
import {
  type Address,
  type Closing,
  type Connection,
  type ConnectionHandlers,
  formatAddress,
  type Listener,
  MAX_STRANGER_BYTES,
  type Seal,
  type TlsSettings,
  type Transport,
} from './transport.js';

/** A side that does not answer our goodbye within this time is hung up on, ms. */
const CLOSE_TIMEOUT_MS = 1000;

/** A stranger who connects and then says nothing is shown the door, ms. */
const UPGRADE_TIMEOUT_MS = 5000;

// Compression would cost most of the throughput of small frames, and holds memory for every connection.
const SOCKET_OPTIONS = { perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES + MAC_CHARS } as const;

/** A message is no longer than this, unless a single frame is, in characters. */
const MAX_BATCH_CHARS = 256 * 1024;

/**
 * Links over WebSockets. What is said in one tick of the event loop leaves as one message, a line for each frame: a
 * message costs many times what a frame in it does.
 */
export function createWsTransport(): Transport {
  return {
    listen,
    connect(address, tls) {
      const url = `${tls === undefined ? 'ws' : 'wss'}://${formatAddress(address)}`;
      const webSocket = new WebSocket(url, { ...SOCKET_OPTIONS, ...(tls && secretsOf(tls)) });
      const connection = new WsConnection(webSocket, formatAddress(address));
      // Not before it is open: whoever listens to the socket earlier takes what came behind the upgrade.
      webSocket.once('upgrade', ({ socket }) => webSocket.once('open', () => connection.guard(socket)));
      return connection;
    },
  };
}

const refuseRequest: RequestListener = (_request, response) => {
  response.writeHead(426, { Connection: 'close', 'Content-Type': 'text/plain' }).end('noex nodes speak WebSocket\n');
};

function createListeningServer(tls: TlsSettings | undefined): Server {
  if (tls === undefined) return createServer(refuseRequest);
  const { requestPeerCert = false } = tls;
  const verification = { requestCert: requestPeerCert, rejectUnauthorized: requestPeerCert };
  const options = { ...secretsOf(tls), ...verification, handshakeTimeout: UPGRADE_TIMEOUT_MS };
  return createSecureServer(options, refuseRequest);
}

async function listen(
  address: Address,
  accept: (connection: Connection) => void,
  tls?: TlsSettings,
): Promise<Listener> {
  const server = createListeningServer(tls);
  server.headersTimeout = UPGRADE_TIMEOUT_MS;
  server.requestTimeout = UPGRADE_TIMEOUT_MS;
  server.timeout = UPGRADE_TIMEOUT_MS;
  const webSockets = new WebSocketServer({
    ...SOCKET_OPTIONS,
    noServer: true,
    clientTracking: false,
    // Only browsers send an origin. A web page must not get to talk to a node that listens on its reader's loopback.
    verifyClient: ({ req }, decide) => decide(req.headers.origin === undefined, 403),
  });
  const sockets = new Set<Socket>();
  // Under TLS the socket of a request is another one than that which was accepted: it is found by its other end.
  const byEnd = new Map<string, Socket>();
  const upgraded = new Set<Socket>();
  const strangers = new Strangers<Socket>((socket) => socket.destroy());
  server.on('connection', (socket: Socket) => {
    // Whoever has hung up already has no address any more; there may be many of them.
    const { remoteAddress = 'unknown' } = socket;
    const end = endOf(socket);
    sockets.add(socket);
    byEnd.set(end, socket);
    strangers.add(socket, remoteAddress);
    socket.once('close', () => {
      sockets.delete(socket);
      if (byEnd.get(end) === socket) byEnd.delete(end);
      upgraded.delete(socket);
      strangers.remove(socket, remoteAddress);
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const remote = request.socket.remoteAddress ?? 'unknown';
    const accepted = byEnd.get(endOf(request.socket));
    if (accepted === undefined) {
      socket.destroy();
      return;
    }
    request.socket.setTimeout(0);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new WsConnection(webSocket, remote, () => strangers.remove(accepted, remote));
      upgraded.add(accepted);
      connection.guard(request.socket);
      accept(connection);
    });
  });
  await bind(server, address);
  server.on('error', () => {
    // A connection that could not be accepted. Whoever dialled sees that, and dials again.
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        const deadline = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, CLOSE_TIMEOUT_MS);
        server.close(() => {
          clearTimeout(deadline);
          resolve();
        });
        for (const socket of sockets) if (!upgraded.has(socket)) socket.destroy();
      }),
  };
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
    server.listen({ host, port }, () => {
      server.removeListener('error', onError);
      resolve();
    });
  });
}

class WsConnection implements Connection {
  readonly remote: string;
  readonly #webSocket: WebSocket;
  #handlers: ConnectionHandlers | undefined;
  #socket: Socket | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #problem = '';
  #isTrusted = false;
  readonly #onTrusted: (() => void) | undefined;
  #seal: Seal | undefined;
  readonly #inbox = new Inbox({
    onFrame: (text) => this.#handlers?.onMessage(text),
    onForged: () => this.#handlers?.onViolation('forged'),
    onFull: () => this.#webSocket.pause(),
    onEmpty: () => {
      this.#webSocket.resume();
      if (this.#closing !== undefined) this.#handlers?.onClose(this.#closing);
    },
  });
  /** How it ended, while not all that came before has been handed over. */
  #closing: Closing | undefined;
  /** What was said in this tick, and is not on its way yet. */
  #said: string[] = [];
  #saidLength = 0;
  /** What the socket was given and has not written yet, bytes. */
  #underway = 0;

  constructor(webSocket: WebSocket, remote: string, onTrusted?: () => void) {
    this.#webSocket = webSocket;
    this.#onTrusted = onTrusted;
    this.remote = remote;
    // Here and not in handle(): an error that nobody listens to would end the process.
    webSocket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  get backlog(): number {
    return this.#underway + this.#saidLength;
  }

  get received(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** A frame is handed over when it is whole: what it takes until then is seen on the socket only. */
  guard(socket: Socket): void {
    this.#socket = socket;
    const check = () => {
      if (this.#isTrusted) socket.off('data', check);
      else if (socket.bytesRead > MAX_STRANGER_BYTES) this.#stopStranger();
    };
    socket.on('data', check);
  }

  trust(seal?: Seal): void {
    this.#flush();
    this.#isTrusted = true;
    this.#onTrusted?.();
    this.#seal = seal;
    if (seal !== undefined) this.#inbox.trust(seal);
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    this.#webSocket.on('open', () => handlers.onOpen?.());
    this.#webSocket.on('message', (data, isBinary) => {
      if (isBinary) handlers.onViolation('binary_frame');
      else this.#inbox.add(data.toString());
    });
    this.#webSocket.on('close', (code, reason) => {
      clearTimeout(this.#closeTimer);
      const closing = { code, reason: reason.toString() || this.#problem };
      if (this.#inbox.isFull) this.#closing = closing;
      else handlers.onClose(closing);
    });
  }

  send(text: string): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    if (this.#saidLength + text.length > MAX_BATCH_CHARS) this.#flush();
    if (this.#said.length === 0) setImmediate(() => this.#flush());
    this.#said.push(text);
    this.#saidLength += text.length;
  }

  close(code: number, reason: string): void {
    if (this.#webSocket.readyState === WebSocket.CLOSED) return;
    this.#flush();
    this.#webSocket.close(code, reason);
    this.#closeTimer ??= setTimeout(() => this.#webSocket.terminate(), CLOSE_TIMEOUT_MS);
  }

  terminate(): void {
    this.#inbox.clear();
    this.#webSocket.terminate();
  }

  #stopStranger(): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) {
      this.#webSocket.pause();
      this.#handlers?.onViolation('frame_too_large');
    } else {
      // It was told goodbye, and goes on.
      this.terminate();
    }
  }

  #flush(): void {
    const said = this.#said;
    if (said.length === 0) return;
    this.#said = [];
    this.#saidLength = 0;
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    const text = said.join(SEPARATOR);
    const message = this.#seal?.seal(text) ?? text;
    const bytes = Buffer.byteLength(message);
    this.#underway += bytes;
    this.#webSocket.send(message, (error) => {
      this.#underway -= bytes;
      // What could not be written is lost with its connection: 'close' comes next, and says why.
      if (error) this.#problem ||= problemOf(error);
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#problem = problemOf(error);
    if (!this.#problem.startsWith('WS_ERR_')) return;
    const isTooLarge = this.#problem === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    this.#handlers?.onViolation(isTooLarge ? 'frame_too_large' : 'malformed');
  }
}

function problemOf(error: NodeJS.ErrnoException): string {
  return error.code ?? asError(error).message;
}
