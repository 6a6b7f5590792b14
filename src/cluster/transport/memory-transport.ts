import type { Clock } from '../../clock.js';
import { ListenError } from '../../errors.js';
import { MemoryConnectionEnd } from './memory-connection.js';
import { SimulatedProcess } from './simulated-process.js';
import { type Address, type Connection, formatAddress, type Listener, type Transport } from './transport.js';

export interface MemoryNetworkOptions {
  /** The clock of the network, usually a simulated one. */
  readonly clock: Clock;
  /** The latency of a message, ms. Default 1. */
  readonly latencyMs?: number;
  /**
   * Returns a random number from 0 up to 1. If given, the latency varies between half and one and a half times
   * `latencyMs`. Also decides which messages are lost. Default: always 0.5.
   */
  readonly random?: () => number;
  /** Returns the addresses of a host name. Default: 127.0.0.1 for `localhost`, and the name itself for other names. */
  readonly resolve?: Transport['resolve'];
  /**
   * The share of messages that are lost and sent again, from 0 to 1. A lost message, and all messages after it on the
   * same connection, arrive later. Needs `random`. Default 0.
   */
  readonly lossRate?: number;
}

/** The transport and the clock of one simulated Node.js process. */
export interface MemoryTransport extends Transport {
  /** Timers of this clock wait while the process is frozen, and never fire after it was killed. */
  readonly clock: Clock;
}

/** The delay after which a lost message is sent again, ms: the shortest retransmission timeout of TCP on Linux. */
const RESEND_MS = 200;

/** The first port that the network chooses for a process that listens on port 0. */
const FIRST_FREE_PORT = 49_152;

/**
 * A simulated network within one Node.js process, for tests. It has any number of simulated processes, which share one
 * clock. The methods of the network inject the faults of real processes and networks. They identify a process by the
 * address on which it listens.
 *
 * @example
 * const clock = new SimulatedClock();
 * const network = new MemoryNetwork({ clock });
 * const machine = network.transport();
 * const startNode = mesh({ transport: machine });
 * createCluster({ startNode, clock: machine.clock, processCount: () => 0, onError: console.error });
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

  /** Adds a process to this network, and returns its transport. */
  transport(): MemoryTransport {
    const process = new SimulatedProcess(this.#options.clock);
    return {
      clock: process.clock,
      listen: (address, accept) => this.#listen(process, address, accept),
      connect: (address) => this.#connect(process, address),
      resolve: this.#options.resolve ?? ((host) => [numeric(host)]),
    };
  }

  /** Kills a process, as `kill -9`: its connections break, dials to it are refused, and its timers never fire again. */
  kill(address: Address): void {
    for (const end of this.#end(address)) end.crash();
  }

  /**
   * Kills a process as a power failure would: other processes do not notice that their connections have ended. Dials to
   * its address are refused, as after {@link MemoryNetwork.kill}.
   */
  unplug(address: Address): void {
    for (const end of this.#end(address)) end.vanish();
  }

  /** Freezes a process, as SIGSTOP does: it runs no code. Its connections stay open, and what arrives is kept. */
  freeze(address: Address): void {
    this.#frozen.add(keyOf(address));
    this.#processes.get(keyOf(address))?.freeze();
  }

  /**
   * Resumes a frozen process, as SIGCONT does. As in the event loop of Node.js, its overdue timers fire first. Then the
   * process receives what arrived while it was frozen.
   */
  thaw(address: Address): void {
    this.#frozen.delete(keyOf(address));
    this.#processes.get(keyOf(address))?.thaw();
    this.#deliver();
  }

  /**
   * Breaks the connections between two processes, but only the process `noticing` notices. The effect is as if a NAT
   * router had forgotten the connections.
   */
  sever(noticing: Address, other: Address): void {
    for (const end of this.#ends) {
      if (end.address === keyOf(noticing) && end.remote === keyOf(other)) {
        end.finish({ code: 1006, reason: 'ETIMEDOUT' });
      }
    }
  }

  /** The number of open connection ends: two for each connection, or one if the other end is gone. */
  get openEnds(): number {
    return this.#ends.size;
  }

  /**
   * Cuts the network between two processes until {@link MemoryNetwork.heal}. Messages sent meanwhile arrive after the
   * repair, as with TCP.
   */
  cut(a: Address, b: Address): void {
    this.#cuts.add(pair(keyOf(a), keyOf(b)));
  }

  /** Cuts the network between every process of one group and every process of the other. */
  partition(group: readonly Address[], others: readonly Address[]): void {
    for (const a of group) for (const b of others) this.cut(a, b);
  }

  /** Repairs every cut. */
  heal(): void {
    this.#cuts.clear();
    this.#deliver();
  }

  /** Ends a process, and returns its ends of connections. */
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

/** Returns the key of a process. `localhost` and 127.0.0.1 are the same host. */
function keyOf({ host, port }: Address): string {
  return formatAddress({ host: numeric(host), port });
}

function numeric(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host;
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
