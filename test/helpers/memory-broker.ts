import type { Clock } from '../../src/clock.js';
import type { Broker, BrokerEvents, BrokerMessage, ConnectBroker } from '../../src/cluster/nats/broker.js';

/** How long a message is on its way from one client to the broker and on to another one, ms. */
const TRAVEL_MS = 1;

interface Subscription {
  readonly pattern: readonly string[];
  readonly onMessage: (message: BrokerMessage) => void;
}

/** A message broker in memory, with the promises of NATS: at most once, in order for each publisher. */
export class MemoryBroker {
  readonly #clock: Clock;
  readonly maxPayload: number;
  readonly clients = new Set<MemoryClient>();
  /** The number of messages that clients have published, and that were delivered. */
  published = 0;
  delivered = 0;

  constructor(clock: Clock, { maxPayload = 1024 * 1024 } = {}) {
    this.#clock = clock;
    this.maxPayload = maxPayload;
  }

  readonly connect: ConnectBroker = async (name, events) => {
    const client = new MemoryClient(this, name, events);
    this.clients.add(client);
    return client;
  };

  /** Cuts all connections, which are restored after some time. What is on its way is lost. */
  breakConnections(downMs = 10): void {
    for (const client of [...this.clients]) this.cut(client, downMs);
  }

  cut(client: MemoryClient, downMs: number): void {
    this.clients.delete(client);
    client.become(false);
    this.#clock.setTimeout(() => {
      if (client.isClosed) return;
      this.clients.add(client);
      client.become(true);
    }, downMs);
  }

  route(from: MemoryClient, message: Omit<BrokerMessage, 'isBounce'>, bounceTo: string | undefined): void {
    this.published += 1;
    this.#later(from, () => {
      const subject = message.subject.split('.');
      let isDelivered = false;
      for (const client of this.clients) {
        if (!client.wants(subject)) continue;
        isDelivered = true;
        this.#later(client, () => {
          this.delivered += 1;
          client.receive({ ...message, isBounce: false });
        });
      }
      if (isDelivered || bounceTo === undefined) return;
      this.#later(from, () => from.receive({ subject: bounceTo, payload: new Uint8Array(), isBounce: true }));
    });
  }

  /** Resolves after the way to the broker and back. Rejects if the connection is lost meanwhile. */
  flushed(client: MemoryClient): Promise<void> {
    const { connection } = client;
    return new Promise((resolve, reject) => {
      this.#clock.setTimeout(() => {
        if (client.connection === connection) resolve();
        else reject(new Error('the connection is lost'));
      }, 2 * TRAVEL_MS);
    });
  }

  /** Runs an action after the time of one way, unless the connection is lost meanwhile. */
  #later(client: MemoryClient, action: () => void): void {
    const { connection } = client;
    this.#clock.setTimeout(() => {
      if (client.connection === connection && this.clients.has(client)) action();
    }, TRAVEL_MS);
  }
}

export class MemoryClient implements Broker {
  readonly #broker: MemoryBroker;
  readonly name: string;
  readonly #events: BrokerEvents;
  readonly #subscriptions = new Set<Subscription>();
  /** Counts the connections of this client. */
  connection = 1;
  isConnected = true;
  isClosed = false;

  constructor(broker: MemoryBroker, name: string, events: BrokerEvents) {
    this.#broker = broker;
    this.name = name;
    this.#events = events;
  }

  get maxPayload(): number {
    return this.#broker.maxPayload;
  }

  publish(subject: string, payload: Uint8Array, bounceTo?: string): void {
    if (payload.length > this.maxPayload) throw new Error('the payload is too large');
    if (this.isConnected && !this.isClosed) this.#broker.route(this, { subject, payload }, bounceTo);
  }

  subscribe(subject: string, onMessage: (message: BrokerMessage) => void): () => void {
    const subscription = { pattern: subject.split('.'), onMessage };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  flush(): Promise<void> {
    return this.#broker.flushed(this);
  }

  async close(): Promise<void> {
    if (this.isConnected) await this.flush().catch(() => undefined);
    this.isClosed = true;
    this.#broker.clients.delete(this);
  }

  become(isConnected: boolean): void {
    if (!isConnected) this.connection += 1;
    this.isConnected = isConnected;
    this.#events.onConnection(isConnected);
  }

  wants(subject: readonly string[]): boolean {
    return [...this.#subscriptions].some(({ pattern }) => isMatch(pattern, subject));
  }

  receive(message: BrokerMessage): void {
    const subject = message.subject.split('.');
    for (const { pattern, onMessage } of [...this.#subscriptions]) if (isMatch(pattern, subject)) onMessage(message);
  }
}

function isMatch(pattern: readonly string[], subject: readonly string[]): boolean {
  if (pattern.at(-1) === '>') {
    const start = pattern.slice(0, -1);
    return subject.length > start.length && isMatch(start, subject.slice(0, start.length));
  }
  return pattern.length === subject.length && pattern.every((part, at) => part === '*' || part === subject[at]);
}
