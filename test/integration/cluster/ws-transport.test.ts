import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Closing, type Connection, type Listener, MAX_STRANGER_BYTES } from '../../../src/cluster/transport.js';
import { createWsTransport } from '../../../src/cluster/ws-transport.js';

/** Far more than what the sockets of both sides hold. */
const MESSAGES = 32;
const CHARS = 1024 * 1024;
/** In UTF-8. */
const BYTES = 2 * CHARS;

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
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

  it('has what was said in this tick, and is gone when that is written', async () => {
    connection.send('12345');
    connection.send('678');
    expect(connection.backlog).toBe(8);
    await eventually(() => expect(connection.backlog).toBe(0));
    await eventually(() => expect(read).toBe('12345\n678'.length));
  });

  it('stays while the other side does not read: the bytes of whole messages; and is gone when it does', async () => {
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

  it('is gone with the connection, which ends once', async () => {
    reader.pause();
    send();
    await eventually(() => expect(connection.backlog % BYTES).toBe(0));
    expect(connection.backlog).toBeGreaterThan(0);
    reader.terminate();
    await eventually(() => expect(closings).toMatchObject([{ code: 1006 }]));
    expect(closings[0]?.reason).toMatch(/^(ECONNRESET|EPIPE|ERR_STREAM_DESTROYED)$/);
    await eventually(() => expect(connection.backlog).toBe(0));
    connection.send('to nobody');
    expect(connection.backlog).toBe(0);
  });
});

describe('a stranger over WebSockets', () => {
  const FRAGMENT = Buffer.alloc(16 * 1024, 'x');

  it.each([
    ['which was told goodbye', 'nonsense'],
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
    expect(connection?.received).toBeLessThan(2 * MAX_STRANGER_BYTES);
    stranger.terminate();
    await listener.close();
  });
});
