import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';

export interface PrefixProxyOptions {
  /** The path that the proxy serves the other server under, without a slash at its end. */
  readonly prefix: string;
  readonly upstreamPort: number;
  /** What stands in place of the prefix there. Default: nothing. */
  readonly upstreamPath?: string;
  /** Default: `Host` as the browser sent it. */
  readonly upstreamHost?: string;
}

/** A reverse proxy that serves another server under a path, which it takes off or replaces. All else is 404. */
export class PrefixProxy {
  readonly port: number;
  /** What was asked for and was not there. */
  readonly missed: string[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(options: PrefixProxyOptions): Promise<PrefixProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const proxy = new PrefixProxy(server, typeof address === 'object' && address !== null ? address.port : 0);
    server.on('request', (incoming, response) => {
      const path = pathFor(incoming, options);
      if (path === undefined) {
        proxy.missed.push(incoming.url ?? '');
        response.writeHead(404).end();
        return;
      }
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: options.upstreamPort,
          path,
          method: incoming.method,
          headers: headersFor(incoming, options),
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      outgoing.on('error', () => response.destroy());
      incoming.pipe(outgoing);
    });
    server.on('upgrade', (incoming, socket, head) => {
      const path = pathFor(incoming, options);
      if (path === undefined) proxy.missed.push(incoming.url ?? '');
      const upstream = connect(options.upstreamPort, '127.0.0.1');
      const end = (): void => {
        socket.destroy();
        upstream.destroy();
      };
      for (const each of [socket, upstream]) each.on('error', end).on('close', end);
      if (path === undefined) {
        end();
        return;
      }
      const headers = Object.entries(headersFor(incoming, options)).map(([name, value]) => `${name}: ${value}\r\n`);
      upstream.write(`GET ${path} HTTP/1.1\r\n${headers.join('')}\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    return proxy;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function pathFor({ url = '' }: IncomingMessage, { prefix, upstreamPath = '' }: PrefixProxyOptions): string | undefined {
  if (!url.startsWith(prefix) || !/^([/?]|$)/.test(url.slice(prefix.length))) return undefined;
  const path = upstreamPath + url.slice(prefix.length);
  return path.startsWith('/') ? path : `/${path}`;
}

function headersFor({ headers }: IncomingMessage, { upstreamHost = headers.host }: PrefixProxyOptions) {
  return { ...headers, host: upstreamHost };
}
