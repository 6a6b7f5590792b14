import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { DashboardFeed } from './feed.js';
import { refuseUpgrade } from './respond.js';

/** So many browsers at once. */
export const MAX_BROWSERS = 100;

/** Browsers say nothing: this is enough to see that one does, in bytes. */
const MAX_PAYLOAD = 16;

/** A browser that does not answer a goodbye within this time is hung up on, ms. */
const CLOSE_MS = 1000;

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** The WebSockets of a feed, one a browser. What comes from a browser is not read: there is nothing it could ask for. */
export class FeedSockets {
  readonly #feed: DashboardFeed;
  readonly #open = new Set<WebSocket>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Costs more than it saves on loopback, and memory for every connection.
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    autoPong: false,
  });

  constructor(feed: DashboardFeed) {
    this.#feed = feed;
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
    const disconnect = this.#feed.connect({ send: (text, taken) => webSocket.send(text, () => taken()) });
    webSocket.on('close', () => {
      this.#open.delete(webSocket);
      disconnect();
    });
    webSocket.on('message', () => {
      disconnect();
      hangUp(webSocket, POLICY_VIOLATION, 'a browser has nothing to say here');
    });
    // One who asks faster than it takes the answers gets fewer of them.
    webSocket.on('ping', (data) => {
      if (webSocket.bufferedAmount === 0) webSocket.pong(data);
    });
    webSocket.on('error', () => webSocket.terminate());
  }
}

function hangUp(webSocket: WebSocket, code: number, reason: string): void {
  if (webSocket.readyState !== WebSocket.OPEN) return;
  webSocket.close(code, reason);
  const timer = setTimeout(() => webSocket.terminate(), CLOSE_MS);
  webSocket.once('close', () => clearTimeout(timer));
}
