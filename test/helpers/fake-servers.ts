import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';

/** Servers that are no nodes. */
export const FAKE_SERVERS: readonly (() => Server)[] = [
  /* says nothing */ () => createServer(),
  /* repeats what it receives */ () => createServer((socket) => void socket.pipe(socket)),
  /* talks nonsense */ () => createServer((socket) => void socket.write('220 mail.example.com ESMTP\r\n')),
  /* hangs up */ () => createServer((socket) => void socket.destroy()),
  /* serves web pages */ () => createHttpServer((_request, response) => void response.end('<h1>It works!</h1>')),
];

/** A server that stands where a node was. */
export class FakeServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async listen(server: Server, host: string, port: number): Promise<FakeServer> {
    const stranger = new FakeServer(server);
    server.listen({ host, port });
    await once(server, 'listening');
    return stranger;
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
    });
  }

  /** How many came to it so far. */
  get visits(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
