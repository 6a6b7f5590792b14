import { once } from 'node:events';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { WebSocket } from 'ws';
import type { FeedMessage } from '../../src/dashboard/view-model/feed-protocol.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** The address to connect to. */
  readonly host?: string;
}

/** Asks for exactly this path, without the help of a URL parser. */
export function ask(port: number, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, host = '127.0.0.1' } = asking;
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** What a browser does: it listens. */
export class Listener {
  readonly webSocket: WebSocket;
  readonly messages: FeedMessage[] = [];
  /** The length of each message. */
  readonly lengths: number[] = [];
  #arrived: () => void = () => undefined;
  readonly #lost: Promise<never>;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    this.#lost = new Promise((_resolve, reject) => {
      webSocket.once('close', (code) => reject(new Error(`closed: ${code}`)));
    });
    // There may be no reader waiting for more.
    this.#lost.catch(() => undefined);
    webSocket.on('message', (data) => {
      const text = data.toString();
      this.lengths.push(text.length);
      this.messages.push(JSON.parse(text));
      this.#arrived();
    });
  }

  /** Resolves when it is open; rejects with the status when it is refused. */
  static async open(port: number, path = '/feed', headers: Record<string, string> = {}): Promise<Listener> {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    const listener = new Listener(webSocket);
    const refused = new Promise<never>((_resolve, reject) => {
      webSocket.once('unexpected-response', (_request, response) => {
        webSocket.on('error', () => undefined);
        webSocket.terminate();
        reject(new Error(`refused: ${response.statusCode}`));
      });
    });
    await Promise.race([once(webSocket, 'open'), refused]);
    return listener;
  }

  /** Resolves with the first message of the type, of those from `from` on, of which `isIt` holds. */
  async got<Type extends FeedMessage['type']>(
    type: Type,
    isIt: (message: Extract<FeedMessage, { type: Type }>) => boolean = () => true,
    from = 0,
  ): Promise<Extract<FeedMessage, { type: Type }>> {
    const isOfType = (message: FeedMessage): message is Extract<FeedMessage, { type: Type }> => message.type === type;
    for (;;) {
      const found = this.messages.slice(from).filter(isOfType).find(isIt);
      if (found !== undefined) return found;
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#arrived = resolve;
        }),
        this.#lost,
      ]);
    }
  }

  /** Resolves with the code that it is closed with. */
  async closed(): Promise<number> {
    const [code] = await once(this.webSocket, 'close');
    return Number(code);
  }
}
