import type { Authenticator, ConnectionOptions, Msg, NatsConnection } from '@nats-io/transport-node';
import { asError, EngineUnreachableError, MissingPackageError, messageOf } from '../../errors.js';
import type { Broker, BrokerEvents, BrokerMessage, ConnectBroker } from './broker.js';
import type { NatsOptions } from './nats-options.js';

const PACKAGE = '@nats-io/transport-node';
type Client = typeof import('@nats-io/transport-node');

/** How often the client asks the server for a sign of life, ms. After two unanswered questions it connects again. */
const PING_INTERVAL_MS = 5000;

/** The time between two attempts to connect again, ms; the client adds a random part. */
const RECONNECT_MS = 500;

/** How long a client that closes waits for the server to take what was published, ms. */
const FLUSH_MS = 1000;

/** The status of the server's answer when nothing is subscribed to a subject. */
const NO_RESPONDERS = 503;

/** Returns the function that connects a node with NATS. The client is loaded when it is called first. */
export function natsBroker(options: NatsOptions): ConnectBroker {
  return async (name, events) => {
    const client = await loadClient();
    const servers = typeof options.servers === 'string' ? [options.servers] : [...options.servers];
    try {
      return new NatsBroker(await client.connect(connectionOptions(client, servers, name, options)), events);
    } catch (cause) {
      throw new EngineUnreachableError('nats', servers.join(', '), messageOf(cause), { cause });
    }
  };
}

async function loadClient(): Promise<Client> {
  try {
    return await import(PACKAGE);
  } catch (cause) {
    throw new MissingPackageError(PACKAGE, 'noex/nats', { cause });
  }
}

function connectionOptions(client: Client, servers: string[], name: string, options: NatsOptions): ConnectionOptions {
  const { user, password, token, tls, connectTimeoutMs = 5000 } = options;
  const authenticator = authenticatorOf(client, options);
  return {
    servers,
    name: `noex ${name}`,
    timeout: connectTimeoutMs,
    // A node goes on for as long as it runs, also when the server refuses its credentials for a time.
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_INTERVAL_MS,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(authenticator !== undefined && { authenticator }),
    ...(tls !== undefined && { tls: defined(tls) }),
  };
}

function authenticatorOf(client: Client, { nkeySeed, credentials }: NatsOptions): Authenticator | undefined {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (nkeySeed !== undefined) return client.nkeyAuthenticator(bytes(nkeySeed));
  return credentials === undefined ? undefined : client.credsAuthenticator(bytes(credentials));
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

class NatsBroker implements Broker {
  readonly #connection: NatsConnection;
  readonly #events: BrokerEvents;
  #isConnected = true;

  constructor(connection: NatsConnection, events: BrokerEvents) {
    this.#connection = connection;
    this.#events = events;
    this.#follow().catch((thrown) => events.onError(asError(thrown)));
  }

  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? 1024 * 1024;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  publish(subject: string, payload: Uint8Array, bounceTo?: string): void {
    // The client would send it when it is connected again, after the other side has seen this node as gone.
    if (!this.#isConnected) return;
    this.#connection.publish(subject, payload, bounceTo === undefined ? {} : { reply: bounceTo });
  }

  subscribe(subject: string, onMessage: (message: BrokerMessage) => void): () => void {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) this.#events.onError(error);
        else this.#deliver(received(message), onMessage);
      },
    });
    return () => {
      if (!this.#connection.isClosed()) subscription.unsubscribe();
    };
  }

  /** An error that reached the client would end its reading. */
  #deliver(message: BrokerMessage, onMessage: (message: BrokerMessage) => void): void {
    try {
      onMessage(message);
    } catch (thrown) {
      this.#events.onError(asError(thrown));
    }
  }

  flush(): Promise<void> {
    return this.#connection.flush();
  }

  async close(): Promise<void> {
    // Without a connection there is nothing to transmit, and a flush would wait for a connection.
    if (this.#isConnected) await Promise.race([this.#connection.flush().catch(() => undefined), passed(FLUSH_MS)]);
    await this.#connection.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') this.#become(false);
      else if (status.type === 'reconnect') this.#become(true);
      else if (status.type === 'error') this.#events.onError(status.error);
    }
  }

  #become(isConnected: boolean): void {
    if (this.#isConnected === isConnected || this.#connection.isClosed()) return;
    this.#isConnected = isConnected;
    this.#events.onConnection(isConnected);
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}

function received({ subject, data, headers }: Msg): BrokerMessage {
  return { subject, payload: data, isBounce: data.length === 0 && headers?.code === NO_RESPONDERS };
}
