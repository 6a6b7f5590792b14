import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** One end of a WebSocket on loopback; the other end answers what asks for it, and nothing else. */
export interface WsPair {
  send(text: string): void;
  /** Resolves when the other end has taken all that was sent before, and has answered. */
  ask(): Promise<void>;
}

const QUESTION = '?';

export async function wsPair(): Promise<WsPair> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (far) => {
    far.on('message', (data) => {
      if (data.toString() === QUESTION) far.send(QUESTION);
    });
  });
  const near = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { perMessageDeflate: false });
  await once(near, 'open');
  return {
    send: (text) => near.send(text),
    ask: () =>
      new Promise((resolve) => {
        near.once('message', () => resolve());
        near.send(QUESTION);
      }),
  };
}
