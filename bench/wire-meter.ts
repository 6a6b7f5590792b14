import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Counts what arrives on the TCP sockets that this Node process opens or accepts from now on. */
export class WireMeter {
  readonly #sockets = new Set<Socket>();

  constructor() {
    const add = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket };
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    };
    subscribe('net.client.socket', add);
    subscribe('net.server.socket', add);
  }

  /** By the sockets open now. */
  get bytesReceived(): number {
    let bytes = 0;
    for (const { bytesRead } of this.#sockets) bytes += bytesRead;
    return bytes;
  }
}
