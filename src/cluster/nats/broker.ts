/** A message that a broker delivers. */
export interface BrokerMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Whether the broker returned a message of this client, because nothing is subscribed to its subject. */
  readonly isBounce: boolean;
}

/** What a {@link Broker} reports. */
export interface BrokerEvents {
  /** Called when the connection is lost, and when it is restored with all subscriptions. */
  onConnection(isConnected: boolean): void;
  /** Called for errors that concern no single message, such as a permission that is missing. */
  onError(error: Error): void;
}

/**
 * The connection of one node with a message broker. Messages that one client publishes reach each subscriber in order,
 * also over several subjects. Messages are lost while either side is not connected.
 */
export interface Broker {
  /** The largest payload that the broker accepts, bytes. */
  readonly maxPayload: number;
  readonly isConnected: boolean;
  /**
   * Publishes a message. It is lost if there is no connection.
   *
   * @param bounceTo the subject to which the broker reports that nothing is subscribed to `subject`
   */
  publish(subject: string, payload: Uint8Array, bounceTo?: string): void;
  /** Receives the messages of a subject, in which `*` stands for one part, and a final `>` for the rest. */
  subscribe(subject: string, onMessage: (message: BrokerMessage) => void): () => void;
  /** Resolves when the broker has handled all that was published and subscribed before. Rejects if the connection is lost. */
  flush(): Promise<void>;
  /** Ends the connection, after all that was published has been transmitted. */
  close(): Promise<void>;
}

/** Connects to a broker. Rejects with EngineUnreachableError. @param name shown by the broker beside the connection */
export type ConnectBroker = (name: string, events: BrokerEvents) => Promise<Broker>;
