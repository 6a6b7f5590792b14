import type { Clock } from '../../clock.js';
import { ListenError } from '../../errors.js';
import { MemoryConnectionEnd } from './memory-connection.js';
import { SimulatedProcess } from './simulated-process.js';
import { type Address, type Connection, formatAddress, type Listener, type Transport } from './transport.js';

export interface MemoryNetworkOptions {
  /** What moves everything; a simulated clock, as a rule. */
  readonly clock: Clock;
  /** How long a message takes, ms. Default 1. */
  readonly latencyMs?: number;
  /** From 0 up to 1. Where given, each message takes from half to one and a half times as long. */
  readonly random?: () => number;
  /** The addresses of a host name. Default: `localhost` is 127.0.0.1, and of any other name itself. */
  readonly resolve?: Transport['resolve'];
  /**
   * How many of the messages get lost and are sent again, from 0 to 1: they, and all behind them, come later. Default
   * 0.
   */
  readonly lossRate?: number;
}

/** One simulated operating-system process: its network, and time as it sees it. */
export interface MemoryTransport extends Transport {
  /** Its timers wait while the process is frozen, and never fire once it was killed. */
  readonly clock: Clock;
}

/** After how long what got lost is sent again, ms: what TCP waits at least. */
const RESEND_MS = 200;

/** Where the ports come from that the "operating system" chooses. */
const FIRST_FREE_PORT = 49_152;

/**
 * A network within one Node.js process, for tests and simulations: any number of nodes on one clock, to which one can
 * do what happens to real processes. A process is named by the address it listens on.
 *
 * @example
 * const clock = new SimulatedClock();
 * const network = new MemoryNetwork({ clock });
 * const machine = network.transport();
 * createCluster({ transport: machine, clock: machine.clock, processCount: () => 0, onError: console.error });
 */
export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #ends = new Set<MemoryConnectionEnd>();
  readonly #frozen = new Set<string>();
  readonly #cuts = new Set<string>();
  #lastPort = FIRST_FREE_PORT - 1;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
  }

  /** A new process on this network. */
  transport(): MemoryTransport {
    const process = new SimulatedProcess(this.#options.clock);
    return {
      clock: process.clock,
      listen: (address, accept) => this.#listen(process, address, accept),
      connect: (address) => this.#connect(process, address),
      resolve: this.#options.resolve ?? ((host) => [numeric(host)]),
    };
  }

  /** `kill -9`: its connections break, connecting to it is refused, and it does nothing any more. */
  kill(address: Address): void {
    for (const end of this.#end(address)) end.crash();
  }

  /** Its machine loses power: as {@link MemoryNetwork.kill}, but the other sides do not see their connections end. */
  unplug(address: Address): void {
    for (const end of this.#end(address)) end.vanish();
  }

  /** SIGSTOP: it runs no code, while its connections stay open and the kernel keeps what arrives. */
  freeze(address: Address): void {
    this.#frozen.add(keyOf(address));
    this.#processes.get(keyOf(address))?.freeze();
  }

  /** SIGCONT: first the timers that are due, then what arrived, as in Node's event loop. */
  thaw(address: Address): void {
    this.#frozen.delete(keyOf(address));
    this.#processes.get(keyOf(address))?.thaw();
    this.#deliver();
  }

  /** Breaks what is connected between the two, so that only the first one notices: something in between gave up. */
  sever(noticing: Address, other: Address): void {
    for (const end of this.#ends) {
      if (end.address === keyOf(noticing) && end.remote === keyOf(other)) {
        end.finish({ code: 1006, reason: 'ETIMEDOUT' });
      }
    }
  }

  /** How many ends of connections are open: two for each, and one where the other side is gone. */
  get openEnds(): number {
    return this.#ends.size;
  }

  /** Loses everything between the two until {@link MemoryNetwork.heal}; as with TCP, it arrives then. */
  cut(a: Address, b: Address): void {
    this.#cuts.add(pair(keyOf(a), keyOf(b)));
  }

  /** Cuts every address of one group off from every address of the other. */
  partition(group: readonly Address[], others: readonly Address[]): void {
    for (const a of group) for (const b of others) this.cut(a, b);
  }

  /** Repairs every cut. */
  heal(): void {
    this.#cuts.clear();
    this.#deliver();
  }

  /** Ends a process, and returns what was connected. */
  #end(address: Address): readonly MemoryConnectionEnd[] {
    const key = keyOf(address);
    this.#processes.get(key)?.kill();
    this.#processes.delete(key);
    this.#frozen.delete(key);
    return [...this.#ends].filter((end) => end.address === key);
  }

  async #listen(
    process: SimulatedProcess,
    { host, port }: Address,
    accept: (connection: Connection) => void,
  ): Promise<Listener> {
    const bound = { host, port: port === 0 ? ++this.#lastPort : port };
    const key = keyOf(bound);
    if (this.#processes.has(key)) throw new ListenError(host, port, `port ${port} is taken`);
    this.#processes.set(key, process);
    process.address = key;
    process.accept = accept;
    return {
      port: bound.port,
      close: async () => {
        if (this.#processes.get(key) === process) this.#processes.delete(key);
        process.accept = undefined;
        for (const end of this.#ends) if (end.address === key && end.isAccepted) end.close(1001, 'listener closed');
      },
    };
  }

  #connect(process: SimulatedProcess, address: Address): Connection {
    const target = keyOf(address);
    const near = this.#createEnd(process.address, target, false);
    const far = this.#createEnd(target, process.address, true);
    near.peer = far;
    far.peer = near;
    if (process.isKilled) near.vanish();
    far.post(() => {
      const accept = this.#processes.get(target)?.accept;
      if (accept === undefined) {
        near.post(() => near.finish({ code: 1006, reason: 'ECONNREFUSED' }));
        far.vanish();
      } else if (!far.isOver) {
        accept(far);
        near.post(() => near.open());
      }
    });
    return near;
  }

  #createEnd(address: string, remote: string, isAccepted: boolean): MemoryConnectionEnd {
    const { clock, latencyMs = 1, random = () => 0.5, lossRate = 0 } = this.#options;
    const end: MemoryConnectionEnd = new MemoryConnectionEnd({
      address,
      remote,
      isAccepted,
      clock,
      latencyMs: () => latencyMs * (0.5 + random()) + (lossRate > 0 && random() < lossRate ? RESEND_MS : 0),
      isBlocked: () => this.#frozen.has(address) || this.#cuts.has(pair(address, remote)),
      onOver: () => this.#ends.delete(end),
    });
    this.#ends.add(end);
    return end;
  }

  #deliver(): void {
    for (const end of [...this.#ends]) end.deliver();
  }
}

/** `localhost` is an alias here as elsewhere. */
function keyOf({ host, port }: Address): string {
  return formatAddress({ host: numeric(host), port });
}

function numeric(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host;
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
