import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to the bytes that go one way. */
export type Fault =
  /** The network is cut: nothing arrives, not even an end, until it is mended; then all of it does, as TCP sees to. */
  | { readonly kind: 'hold' }
  /** The other side has vanished: nothing arrives, now or ever, on the connections there are; new ones fare the same. */
  | { readonly kind: 'swallow' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** What TCP never does, and an attacker in the middle may: leaves out, repeats or exchanges what is sent. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'reorder' }
  /** Half of what is sent next arrives, then the connection is reset. */
  | { readonly kind: 'cut' };

export interface TcpProxyOptions {
  /** Where to listen. */
  readonly host: string;
  readonly port: number;
  /** The address to pass it on to. */
  readonly target: string;
  /** Default: `port`. */
  readonly targetPort?: number;
  /** What happens now to what goes from one address to another, neither of which is the proxy's. */
  readonly faultOf: (from: string, to: string) => Fault | undefined;
  /** Resolves when it may be another fault. */
  readonly changed: () => Promise<void>;
}

/** How often a slow connection lets something through, ms. */
const SLICE_MS = 20;

/** Stands at the address where others look for a server, and does to connections what networks do. */
export class TcpProxy {
  readonly #options: TcpProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async listen(options: TcpProxyOptions): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new TcpProxy(options, server);
    server.listen({ host: options.host, port: options.port });
    await once(server, 'listening');
    return proxy;
  }

  private constructor(options: TcpProxyOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    server.on('connection', (near) => void this.#connected(near));
  }

  /** Resets all connections there are. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  async #connected(near: Socket): Promise<void> {
    const { target, port, targetPort = port, faultOf } = this.#options;
    const dialer = near.remoteAddress ?? 'unknown';
    this.#keep(near);
    // From the dialler's own address: whom the target talks to is no secret.
    const far = connect({ host: target, port: targetPort, localAddress: dialer, allowHalfOpen: true });
    this.#keep(far);
    const isReached = await Promise.race([once(far, 'connect').then(() => true), once(near, 'close')]).catch(
      () => false,
    );
    if (isReached !== true) {
      far.destroy();
      // Where nothing arrives, no refusal does.
      const fault = faultOf(target, dialer)?.kind;
      if (fault !== 'hold' && fault !== 'swallow') near.resetAndDestroy();
      return;
    }
    await Promise.all([
      this.#pass(near, far, () => faultOf(dialer, target)),
      this.#pass(far, near, () => faultOf(target, dialer)),
    ]);
    near.destroy();
    far.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    // Its readers are notified of that, too.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async #pass(from: Socket, to: Socket, fault: () => Fault | undefined): Promise<void> {
    const way = new Way(from, to, fault, this.#options.changed);
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) await way.pass(chunk as Buffer);
      await way.end();
    } catch {
      await way.reset();
    }
  }
}

/** One direction of one connection. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #fault: () => Fault | undefined;
  readonly #changed: () => Promise<void>;
  #isDead = false;
  #kept: Buffer | undefined;

  constructor(from: Socket, to: Socket, fault: () => Fault | undefined, changed: () => Promise<void>) {
    this.#from = from;
    this.#to = to;
    this.#fault = fault;
    this.#changed = changed;
  }

  async pass(chunk: Buffer): Promise<void> {
    const fault = await this.#current();
    switch (fault?.kind) {
      case 'swallow':
        this.#isDead = true;
        return;
      case 'drop':
        return;
      case 'delay':
        await sleep(fault.ms);
        break;
      case 'slow':
        return this.#slowly(chunk, fault.bytesPerSecond);
      case 'duplicate':
        await this.#write(chunk);
        break;
      case 'reorder':
        if (this.#kept === undefined) {
          this.#kept = chunk;
          return;
        }
        break;
      case 'cut':
        await this.#write(chunk.subarray(0, Math.ceil(chunk.length / 2)));
        // What was written is to arrive before the reset does.
        await sleep(SLICE_MS);
        this.#from.resetAndDestroy();
        this.#to.resetAndDestroy();
        return;
    }
    await this.#write(chunk);
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) await this.#write(kept);
  }

  async end(): Promise<void> {
    await this.#current();
    if (this.#isDead) await this.#never();
    this.#to.end();
  }

  async reset(): Promise<void> {
    await this.#current();
    if (this.#isDead) await this.#never();
    if (!this.#to.destroyed) this.#to.resetAndDestroy();
  }

  /** The fault, when it is not, or no more, one that lets nothing happen. */
  async #current(): Promise<Fault | undefined> {
    let fault = this.#isDead ? ({ kind: 'swallow' } as const) : this.#fault();
    while (fault?.kind === 'hold') {
      await this.#changed();
      fault = this.#fault();
    }
    if (fault?.kind === 'swallow') this.#isDead = true;
    return fault;
  }

  /** The end does not arrive either: this side of the connection stays until the other one gives it up. */
  #never(): Promise<void> {
    if (this.#to.destroyed || this.#to.readableEnded) return Promise.resolve();
    return new Promise((resolve) => {
      this.#to.once('end', resolve);
      this.#to.once('close', resolve);
    });
  }

  async #slowly(chunk: Buffer, bytesPerSecond: number): Promise<void> {
    const slice = Math.max(1, Math.ceil((bytesPerSecond * SLICE_MS) / 1000));
    for (let at = 0; at < chunk.length && !this.#to.destroyed; at += slice) {
      // Mended meanwhile: the rest goes as fast as it can.
      if (this.#fault()?.kind !== 'slow') return this.#write(chunk.subarray(at));
      await this.#write(chunk.subarray(at, at + slice));
      await sleep(SLICE_MS);
    }
  }

  async #write(chunk: Buffer): Promise<void> {
    if (this.#to.destroyed || !this.#to.writable) return;
    if (this.#to.write(chunk)) return;
    await Promise.race([once(this.#to, 'drain'), once(this.#to, 'close')]);
  }
}
