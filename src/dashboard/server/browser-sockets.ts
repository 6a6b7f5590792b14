import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { DashboardFeed } from './feed.js';
import { refuseUpgrade } from './http-responses.js';

/** So many browsers at once. */
export const MAX_BROWSERS = 100;

/** Browsers say nothing: this is enough to see that one does, in bytes. */
const MAX_PAYLOAD = 16;

/** What may wait for all browsers together, bytes. Each is sent one state at a time, which may be more than a megabyte. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** A browser does not ping, but a proxy may: the most pings per second. */
const MAX_PINGS = 16;

/** A browser that does not answer a goodbye within this time is hung up on, ms. */
const CLOSE_MS = 1000;

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** The WebSockets of a feed, one a browser. What comes from a browser is not read: there is nothing it could ask for. */
export class FeedSockets {
  readonly #feed: Pick<DashboardFeed, 'connect'>;
  readonly #maxWaitingBytes: number;
  /** Those for which something waits come in the order in which they fell behind. */
  readonly #open = new Set<WebSocket>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Costs more than it saves on loopback, and memory for every connection.
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    // A message in many pieces takes far more memory than what is in it.
    maxFragments: 1,
    maxBufferedChunks: 64,
    autoPong: false,
  });

  /** @param maxWaitingBytes what may wait for all browsers together */
  constructor(feed: Pick<DashboardFeed, 'connect'>, maxWaitingBytes: number = MAX_WAITING_BYTES) {
    this.#feed = feed;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#open.size >= MAX_BROWSERS) {
      refuseUpgrade(socket, { status: 503, reason: `${MAX_BROWSERS} browsers are looking already.` });
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket));
  }

  close(): void {
    for (const webSocket of this.#open) hangUp(webSocket, GOING_AWAY, 'the dashboard closes');
  }

  #welcome(webSocket: WebSocket): void {
    this.#open.add(webSocket);
    const disconnect = this.#feed.connect({ send: (text, taken) => this.#send(webSocket, text, taken) });
    webSocket.on('close', () => {
      this.#open.delete(webSocket);
      disconnect();
    });
    webSocket.on('message', () => {
      disconnect();
      hangUp(webSocket, POLICY_VIOLATION, 'a browser has nothing to say here');
    });
    const mayPing = pingLimit();
    // One that asks faster than it takes the answers gets fewer of them.
    webSocket.on('ping', (data) => {
      if (!mayPing()) webSocket.terminate();
      else if (webSocket.bufferedAmount === 0) webSocket.pong(data);
    });
    webSocket.on('pong', () => mayPing() || webSocket.terminate());
    webSocket.on('error', () => webSocket.terminate());
  }

  #send(webSocket: WebSocket, text: string, taken: () => void): void {
    this.#makeRoom(text.length);
    if (webSocket.bufferedAmount === 0 && this.#open.delete(webSocket)) this.#open.add(webSocket);
    webSocket.send(text, () => taken());
  }

  /** Disconnects those that have been behind for longest: they come again, and are shown the newest state. */
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

/** Whether there may be another one now. */
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

function hangUp(webSocket: WebSocket, code: number, reason: string): void {
  if (webSocket.readyState !== WebSocket.OPEN) return;
  webSocket.close(code, reason);
  const timer = setTimeout(() => webSocket.terminate(), CLOSE_MS);
  webSocket.once('close', () => clearTimeout(timer));
}
