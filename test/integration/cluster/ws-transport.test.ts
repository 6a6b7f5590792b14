import { once } from 'node:events';
import net, { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  type Closing,
  type Connection,
  type Listener,
  MAX_UNAUTHENTICATED_BYTES,
  type TlsSettings,
} from '../../../src/cluster/transport/transport.js';
import { createWsTransport } from '../../../src/cluster/transport/ws-transport.js';
import { issue } from '../../helpers/certificates.js';
import { freePort } from '../../helpers/node-process.js';

/** Far more than what the sockets of both sides hold. */
const MESSAGES = 32;
const CHARS = 1024 * 1024;
/** In UTF-8. */
const BYTES = 2 * CHARS;

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 40_000, interval: 5 });
}

describe('the backlog of a connection over WebSockets', () => {
  let listener: Listener;
  let reader: WebSocket;
  let connection: Connection;
  let closings: Closing[] = [];
  let read = 0;

  beforeEach(async () => {
    // Each has its own: the connection of the test before may be on its way out still.
    const ends: Closing[] = [];
    closings = ends;
    read = 0;
    const accepted = new Promise<Connection>((resolve) => {
      const taken = createWsTransport().listen({ host: '127.0.0.1', port: 0 }, (given) => {
        given.handle({
          onMessage: () => undefined,
          onViolation: () => undefined,
          onClose: (closing) => ends.push(closing),
        });
        resolve(given);
      });
      void taken.then((opened) => {
        listener = opened;
        reader = new WebSocket(`ws://127.0.0.1:${opened.port}`, { perMessageDeflate: false });
        reader.on('message', (data) => {
          read += data.toString().length;
        });
      });
    });
    connection = await accepted;
    if (reader.readyState !== WebSocket.OPEN) await once(reader, 'open');
  });

  afterEach(async () => {
    reader.terminate();
    await listener.close();
  });

  const send = (): void => {
    for (let n = 0; n < MESSAGES; n += 1) connection.send('\u00e9'.repeat(CHARS));
  };

  test('has what was said in this tick, and is gone when that is written', async () => {
    connection.send('12345');
    connection.send('678');
    expect(connection.backlog).toBe(8);
    await eventually(() => expect(connection.backlog).toBe(0));
    await eventually(() => expect(read).toBe('12345\n678'.length));
  });

  test('stays while the other side does not read: the bytes of whole messages; and is gone when it does', async () => {
    reader.pause();
    send();
    // All but what was said last is with the socket already, and none of it written.
    expect(connection.backlog).toBe((MESSAGES - 1) * BYTES + CHARS);
    await eventually(() => expect(connection.backlog % BYTES).toBe(0));
    expect(connection.backlog).toBeGreaterThan(0);
    reader.resume();
    await eventually(() => expect(read).toBe(MESSAGES * CHARS));
    await eventually(() => expect(connection.backlog).toBe(0));
    expect(closings).toEqual([]);
  });

  test('is gone with the connection, which ends once', async () => {
    reader.pause();
    send();
    await eventually(() => expect(connection.backlog % BYTES).toBe(0));
    expect(connection.backlog).toBeGreaterThan(0);
    reader.terminate();
    await eventually(() => expect(closings).toMatchObject([{ code: 1006 }]));
    expect(closings[0]?.reason).toMatch(/^(ECANCELED|ECONNRESET|EPIPE|ERR_STREAM_DESTROYED)$/);
    await eventually(() => expect(connection.backlog).toBe(0));
    connection.send('without a receiver');
    expect(connection.backlog).toBe(0);
  });
});

describe('a stranger over WebSockets', () => {
  const FRAGMENT = Buffer.alloc(16 * 1024, 'x');

  test.each([
    ['which was sent a leave', 'nonsense'],
    ['of which much is still to be handed over', '\n'.repeat(64 * 1024)],
  ])('%s is read no more than another, though it goes on', async (_what, opening) => {
    const ends: Closing[] = [];
    let connection: Connection | undefined;
    const listener = await createWsTransport().listen({ host: '127.0.0.1', port: 0 }, (given) => {
      connection = given;
      given.handle({
        onMessage: () => given.close(4011, 'not_json'),
        onViolation: () => given.close(4009, 'frame_too_large'),
        onClose: (closing) => ends.push(closing),
      });
    });
    const stranger = new WebSocket(`ws://127.0.0.1:${listener.port}`, { perMessageDeflate: false });
    stranger.on('error', () => undefined);
    await once(stranger, 'open');
    // It does not want to know.
    stranger.pause();
    stranger.send(opening);
    const goOn = (): void => {
      if (stranger.readyState !== WebSocket.OPEN) return;
      stranger.send(FRAGMENT, { fin: false }, (error) => error ?? setImmediate(goOn));
    };
    goOn();
    await eventually(() => expect(ends.length).toBe(1));
    expect(connection?.received).toBeLessThan(2 * MAX_UNAUTHENTICATED_BYTES);
    stranger.terminate();
    await listener.close();
  });
});

describe('a connection that has proved nothing', () => {
  const QUICK_MS = 300;
  let listener: Listener;
  let violations: string[] = [];
  let received = 0;
  /** With which limit the next connection is trusted at once, bytes. */
  let trusts: number | undefined;

  beforeEach(() => {
    violations = [];
    received = 0;
    trusts = undefined;
  });

  afterEach(() => listener.close());

  const listen = async (handshakeTimeoutMs?: number, tls?: TlsSettings): Promise<void> => {
    const transport = createWsTransport(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs });
    const accept = (given: Connection): void => {
      given.handle({
        onMessage: () => {
          received += 1;
        },
        onViolation: (violation) => {
          violations.push(violation);
          given.close(4012, 'malformed');
        },
        onClose: () => undefined,
      });
      if (trusts !== undefined) given.trust(undefined, trusts);
    };
    listener = await transport.listen({ host: '127.0.0.1', port: 0 }, accept, tls);
  };
  const open = async (): Promise<WebSocket> => {
    const client = new WebSocket(`ws://127.0.0.1:${listener.port}`, { perMessageDeflate: false, autoPong: false });
    client.on('error', () => undefined);
    await once(client, 'open');
    return client;
  };
  /** Begins a text message of 8,192 bytes, and sends some of them, each in a packet of its own. */
  const dribble = async (client: WebSocket, bytes: number): Promise<void> => {
    const { _socket: socket } = client as unknown as { readonly _socket: Socket };
    socket.write(Buffer.from([0x81, 0xfe, 0x20, 0x00, 0, 0, 0, 0]));
    for (let sent = 0; sent < bytes && violations.length === 0; sent += 1) {
      socket.write('x');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };

  test('may not send a message in many pieces', async () => {
    await listen();
    const client = await open();
    for (let n = 0; n < 17; n += 1) client.send('x', { fin: false });
    await eventually(() => expect(violations).toEqual(['malformed']));
    client.terminate();
  });

  test('may send one in a few, as a proxy might', async () => {
    await listen();
    const client = await open();
    for (let n = 0; n < 15; n += 1) client.send('x', { fin: false });
    client.send('x');
    await eventually(() => expect(received).toBe(1));
    expect(violations).toEqual([]);
    client.terminate();
  });

  test('may not send an unfinished message byte by byte', async () => {
    await listen(60_000);
    const client = await open();
    await dribble(client, 8000);
    expect(violations).toEqual(['frame_too_large']);
    client.terminate();
  });

  test('may not ping all the time; a ping now and then is answered', async () => {
    await listen();
    const client = await open();
    const pongs: string[] = [];
    client.on('pong', (data) => pongs.push(data.toString()));
    client.ping('a');
    await eventually(() => expect(pongs).toEqual(['a']));
    for (let n = 0; n < 500; n += 1) client.ping('b');
    await eventually(() => expect(violations).toEqual(['malformed']));
    expect(pongs.length).toBeLessThan(100);
    client.terminate();
  });

  test.each(['in plain text', 'under TLS'])('has its time from when it is accepted, %s', async (how) => {
    await listen(QUICK_MS, how === 'under TLS' ? await issue('node') : undefined);
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    let isClosed = false;
    socket.on('close', () => {
      isClosed = true;
    });
    // In plain text, headers that come ever so slowly. Under TLS, a record of which the rest is still to come.
    const slow = how === 'under TLS' ? Buffer.from([22, 3, 1, 32, 0, 1, 0, 31, 252]) : 'GET / HTTP/1.1\r\nHost: a\r\n';
    socket.write(slow);
    let sent = 0;
    const dribbling = setInterval(() => {
      socket.write('x');
      sent += 1;
    }, 5);
    await eventually(() => expect(isClosed).toBe(true));
    clearInterval(dribbling);
    expect(sent).toBeGreaterThan(0);
    socket.destroy();
  });

  test('is refused when it upgrades in time and then is silent', async () => {
    await listen(QUICK_MS);
    const client = await open();
    await eventually(() => expect(violations).toEqual(['handshake_timeout']));
    client.terminate();
  });

  test('has all the time it wants once it is trusted', async () => {
    await listen(QUICK_MS);
    trusts = 1024;
    const client = await open();
    trusts = undefined;
    const other = await open();
    // The other one came later, and its time is over.
    await eventually(() => expect(violations).toEqual(['handshake_timeout']));
    client.send('hello');
    await eventually(() => expect(received).toBe(1));
    client.terminate();
    other.terminate();
  });

  test('sends messages as long as agreed once it is trusted, and none that are longer', async () => {
    await listen();
    trusts = 64 * 1024;
    const client = await open();
    for (let n = 0; n < 10; n += 1) client.send('x'.repeat(64 * 1024));
    await eventually(() => expect(received).toBe(10));
    client.send('x'.repeat(256 * 1024), { fin: false });
    await eventually(() => expect(violations).toEqual(['frame_too_large']));
    client.terminate();
  });
});

test.each(['in plain text', 'under TLS'])(
  'a dialled port that reached itself is refused and free again, %s',
  async (how) => {
    const port = await freePort();
    const { connect: connectAsUsual } = net;
    // As the operating system does now and then, when it takes the port of this side from the same range.
    const dialling = vi
      .spyOn(net, 'connect')
      .mockImplementation(((options: TcpNetConnectOpts) =>
        connectAsUsual({ ...options, localPort: port })) as typeof net.connect);
    const tls = how === 'under TLS' ? { ca: (await issue('authority')).cert } : undefined;
    const connection = createWsTransport().connect({ host: '127.0.0.1', port }, tls);
    dialling.mockRestore();
    const closing = await new Promise<Closing>((resolve) =>
      connection.handle({ onMessage: () => undefined, onViolation: () => undefined, onClose: resolve }),
    );
    expect(closing).toEqual({ code: 1006, reason: 'ECONNREFUSED' });
    const listener = await createWsTransport().listen({ host: '127.0.0.1', port }, () => undefined);
    await listener.close();
  },
);
