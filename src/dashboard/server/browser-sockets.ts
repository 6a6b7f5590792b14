import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { DashboardFeed } from './feed.js';
import { refuseUpgrade } from './http-responses.js';

/** The maximum number of browsers at once. */
export const MAX_BROWSERS = 100;

/** The maximum size of an incoming message, bytes: browsers have nothing to send. */
const MAX_PAYLOAD = 16;

/** The limit of unsent data for all browsers together, bytes. One full view may exceed a megabyte. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** Smaller messages are sent as they are, bytes. */
const MIN_COMPRESSED = 1024;

/** The maximum number of pings per second: browsers send none, but a proxy may. */
const MAX_PINGS = 16;

/** How long a browser may take to answer the close frame, ms; then its connection is terminated. */
const CLOSE_MS = 1000;

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** The WebSockets of a feed, one per browser. A browser that sends a message is disconnected: the protocol has none. */
export class FeedSockets {
  readonly #feed: Pick<DashboardFeed, 'connect'>;
  readonly #maxWaitingBytes: number;
  /** All open WebSockets. Those with unsent data are in the order in which they fell behind. */
  readonly #open = new Set<WebSocket>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Each message by itself: a context that goes on would take memory for each connection.
    perMessageDeflate: { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: MIN_COMPRESSED },
    maxPayload: MAX_PAYLOAD,
    // A fragmented message takes far more memory than its content.
    maxFragments: 1,
    maxBufferedChunks: 64,
    autoPong: false,
  });

  /** @param maxWaitingBytes limit of unsent data for all browsers together */
  constructor(feed: Pick<DashboardFeed, 'connect'>, maxWaitingBytes: number = MAX_WAITING_BYTES) {
    this.#feed = feed;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#open.size >= MAX_BROWSERS) {
      refuseUpgrade(socket, {
        status: 503,
        reason: `${MAX_BROWSERS} browsers are connected already; no more are allowed.`,
      });
      return;
    }
    const isLocal = isFromThisMachine(request);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket, isLocal));
  }

  close(): void {
    for (const webSocket of this.#open) closeSocket(webSocket, GOING_AWAY, 'the dashboard closes');
  }

  #welcome(webSocket: WebSocket, isLocal: boolean): void {
    this.#open.add(webSocket);
    // On loopback, compression costs more than it saves.
    const compress = !isLocal;
    const disconnect = this.#feed.connect({ send: (text, taken) => this.#send(webSocket, text, compress, taken) });
    webSocket.on('close', () => {
      this.#open.delete(webSocket);
      disconnect();
    });
    webSocket.on('message', () => {
      disconnect();
      closeSocket(webSocket, POLICY_VIOLATION, 'the dashboard accepts no messages');
    });
    const mayPing = pingLimit();
    // A client that sends pings faster than it reads the pongs gets fewer of them.
    webSocket.on('ping', (data) => {
      if (!mayPing()) webSocket.terminate();
      else if (webSocket.bufferedAmount === 0) webSocket.pong(data);
    });
    webSocket.on('pong', () => mayPing() || webSocket.terminate());
    webSocket.on('error', () => webSocket.terminate());
  }

  #send(webSocket: WebSocket, text: string, compress: boolean, taken: () => void): void {
    this.#makeRoom(text.length);
    if (webSocket.bufferedAmount === 0 && this.#open.delete(webSocket)) this.#open.add(webSocket);
    webSocket.send(text, { compress }, () => taken());
  }

  /** Disconnects the browsers that have been behind for longest. They reconnect and receive the newest state. */
  #makeRoom(bytes: number): void {
    let waiting = bytes;
    for (const { bufferedAmount } of this.#open) waiting += bufferedAmount;
    for (const slow of this.#open) {
      if (waiting <= this.#maxWaitingBytes) return;
      if (slow.bufferedAmount === 0) continue;
      waiting -= slow.bufferedAmount;
      slow.terminate();
    }
  }
}

/** Whether the browser runs on this machine, and there is no proxy between. */
function isFromThisMachine({ socket: { remoteAddress = '' }, headers }: IncomingMessage): boolean {
  const isLoopback = remoteAddress === '::1' || remoteAddress.replace('::ffff:', '').startsWith('127.');
  return isLoopback && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined;
}

/** Returns a function that counts a ping and returns whether it is within the rate limit. */
function pingLimit(): () => boolean {
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
