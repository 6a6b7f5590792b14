import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { DashboardFeed } from './dashboard-feed.js';
import { refuseUpgrade } from './http-responses.js';

/** The maximum number of browsers that are connected at once. */
export const MAX_BROWSERS = 100;

/** The maximum size of an incoming message, bytes. It is small because browsers send no messages. */
const MAX_PAYLOAD = 16;

/** The maximum size of the unsent data for all browsers together, bytes. One full view may exceed a megabyte. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** The minimum size of a message that is sent compressed, bytes. */
const MIN_COMPRESSED = 1024;

/** The maximum number of pings and pongs per second, together, from one client. Browsers send none; a proxy may. */
const MAX_PINGS = 16;

/** The time in which a browser must answer the close frame, ms. After that time, its connection is terminated. */
const CLOSE_MS = 1000;

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/**
 * The WebSockets of a feed, one for each browser. A browser that sends a message breaks the protocol and is
 * disconnected.
 */
export class BrowserSockets {
  readonly #feed: Pick<DashboardFeed, 'connect'>;
  readonly #maxUnsentBytes: number;
  /** All open WebSockets. Those with unsent data are in the order in which their unsent data began. */
  readonly #open = new Set<WebSocket>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Each message is compressed on its own: a context kept between messages would take memory for each connection.
    perMessageDeflate: { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: MIN_COMPRESSED },
    maxPayload: MAX_PAYLOAD,
    // A fragmented message takes far more memory than its content.
    maxFragments: 1,
    maxBufferedChunks: 64,
    autoPong: false,
  });

  /** @param maxUnsentBytes limit of unsent data for all browsers together, bytes */
  constructor(feed: Pick<DashboardFeed, 'connect'>, maxUnsentBytes: number = MAX_UNSENT_BYTES) {
    this.#feed = feed;
    this.#maxUnsentBytes = maxUnsentBytes;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#open.size >= MAX_BROWSERS) {
      refuseUpgrade(socket, {
        status: 503,
        reason: `${MAX_BROWSERS} browsers are connected already, and no more are allowed. Close one, or try again later.`,
      });
      return;
    }
    const isLocal = isFromThisMachine(request);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#connected(webSocket, isLocal));
  }

  close(): void {
    for (const webSocket of this.#open) closeSocket(webSocket, GOING_AWAY, 'the dashboard closes');
  }

  #connected(webSocket: WebSocket, isLocal: boolean): void {
    this.#open.add(webSocket);
    // On loopback, compression costs more than it saves.
    const compress = !isLocal;
    const disconnect = this.#feed.connect({ send: (text, done) => this.#send(webSocket, text, compress, done) });
    webSocket.on('close', () => {
      this.#open.delete(webSocket);
      disconnect();
    });
    webSocket.on('message', () => {
      disconnect();
      closeSocket(webSocket, POLICY_VIOLATION, 'the dashboard accepts no messages');
    });
    const mayPing = createPingLimit();
    // No pong while data is unsent, because the pongs for a client that does not read would fill the memory.
    webSocket.on('ping', (data) => {
      if (!mayPing()) webSocket.terminate();
      else if (webSocket.bufferedAmount === 0) webSocket.pong(data);
    });
    webSocket.on('pong', () => mayPing() || webSocket.terminate());
    webSocket.on('error', () => webSocket.terminate());
  }

  #send(webSocket: WebSocket, text: string, compress: boolean, done: () => void): void {
    this.#makeRoom(text.length);
    // A WebSocket whose unsent data begins with this message moves to the end of the order.
    if (webSocket.bufferedAmount === 0 && this.#open.delete(webSocket)) this.#open.add(webSocket);
    webSocket.send(text, { compress }, () => done());
  }

  /**
   * Disconnects browsers until the limit leaves room for `bytes` more bytes of unsent data, or no browser has unsent
   * data. The browser that has had unsent data for longest is disconnected first. A disconnected browser reconnects and
   * receives the newest state.
   */
  #makeRoom(bytes: number): void {
    let unsent = bytes;
    for (const { bufferedAmount } of this.#open) unsent += bufferedAmount;
    for (const behind of this.#open) {
      if (unsent <= this.#maxUnsentBytes) return;
      if (behind.bufferedAmount === 0) continue;
      unsent -= behind.bufferedAmount;
      behind.terminate();
    }
  }
}

/** Whether the request comes from this machine, and has no header that a proxy adds. */
function isFromThisMachine({ socket: { remoteAddress = '' }, headers }: IncomingMessage): boolean {
  const isLoopback = remoteAddress === '::1' || remoteAddress.replace('::ffff:', '').startsWith('127.');
  return isLoopback && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined;
}

/** Returns a function to call for each ping and pong. That function returns whether they are within the rate limit. */
function createPingLimit(): () => boolean {
  let since = performance.now();
  let pings = 0;
  return () => {
    if (performance.now() - since >= 1000) {
      since = performance.now();
      pings = 0;
    }
    pings += 1;
    return pings <= MAX_PINGS;
  };
}

function closeSocket(webSocket: WebSocket, code: number, reason: string): void {
  if (webSocket.readyState !== WebSocket.OPEN) return;
  webSocket.close(code, reason);
  const timer = setTimeout(() => webSocket.terminate(), CLOSE_MS);
  webSocket.once('close', () => clearTimeout(timer));
}
