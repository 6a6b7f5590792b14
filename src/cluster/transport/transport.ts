/** Where to listen or connect. `host` is without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /**
   * The name from which `host` was resolved. With TLS, the certificate of the other side must be valid for this name.
   * Absent: it must be valid for `host`.
   */
  readonly servername?: string;
}

/** The most data that is read from a peer before it is trusted, bytes: a handshake, and frames right after it. */
export const MAX_UNAUTHENTICATED_BYTES = 128 * 1024;

/** How a connection ended. */
export interface Closing {
  /** The WebSocket close code. 4000 and up are codes of noex; 1006: the connection broke or was never established. */
  readonly code: number;
  /** The reason that the closing side or the operating system (`ECONNREFUSED`) gave. Untrusted text. */
  readonly reason: string;
}

/**
 * How the other side broke the rules of the transport, in this order: a binary message, too much data, invalid data, a
 * message that does not match the seal, no proof of its identity in time.
 */
export type TransportViolation = 'binary_frame' | 'frame_too_large' | 'malformed' | 'forged' | 'handshake_timeout';

/** The most characters that a {@link Seal} adds to a text. */
export const SEAL_CHARS = 24;

/**
 * Authenticates the messages of a connection. A sealed message is the text of the message and its MAC. Each message
 * must be sealed and opened once, in the order of sending.
 */
export interface Seal {
  /** Seals the next message to send. */
  seal(text: string): string;
  /** Checks the next received message, and returns its text. `undefined`: the MAC does not match. */
  open(sealed: string): string | undefined;
}

/** The events of a connection. No handler is ever called from inside a call to the connection. */
export interface ConnectionHandlers {
  /** The dialled connection is open. Never called for an accepted connection, which is open from the start. */
  onOpen?(): void;
  /** Receives one whole frame, in the order of sending. */
  onMessage(text: string): void;
  /** The other side broke the transport's rules. The owner should close the connection. */
  onViolation(violation: TransportViolation): void;
  /**
   * The connection has ended, and its resources are released. Called exactly once, whichever side ended the connection,
   * and also if it never opened.
   */
  onClose(closing: Closing): void;
}

/** An ordered, reliable stream of text frames to and from one other node. Its methods never throw. */
export interface Connection {
  /** The address of the other side, as text for errors. */
  readonly remote: string;
  /**
   * Sets the handlers. The owner must call either `handle` or `terminate` in the turn in which it receives the
   * connection: events without a handler are lost. `handle` may be called only once.
   */
  handle(handlers: ConnectionHandlers): void;
  /** The data that was passed to `send` but has not been transmitted yet, in bytes, approximately. */
  readonly backlog: number;
  /** The data received from the other side, bytes, incomplete messages included. */
  readonly received: number;
  /** The data transmitted to the other side, bytes. */
  readonly sent: number;
  /**
   * Raises the limits, because the other side has proved its identity. Before this call, at most {@link
   * MAX_UNAUTHENTICATED_BYTES} are read from the other side. With a `seal`, all messages sent and received from now on
   * are sealed.
   *
   * @param maxMessageBytes the most data of an incomplete message. Default: the largest message of the transport
   */
  trust(seal?: Seal, maxMessageBytes?: number): void;
  /** Sends a frame. Does nothing unless the connection is open. */
  send(text: string): void;
  /**
   * Sends a frame, and transmits it at once, after all frames that were sent earlier in this turn of the event loop.
   * `send` may collect the frames of a turn.
   */
  sendNow(text: string): void;
  /**
   * Ends the connection in order: frames that were sent before arrive first, then the code and the reason. Until the
   * connection has ended, frames of the other side are still received.
   */
  close(code: number, reason: string): void;
  /** Ends the connection immediately, without a close frame. */
  terminate(): void;
}

export interface Listener {
  /** The bound port. For port 0, it is the port that the operating system chose. */
  readonly port: number;
  /** Accepts no more connections, ends those that are still open, and resolves when the port is free. */
  close(): Promise<void>;
}

/** The content of a PEM file with a certificate or key, as text or bytes. */
type Pem = string | Uint8Array;

/** The certificate and the key of this side, and the authorities that it trusts. */
export interface TlsSettings {
  /**
   * The certificate of this side. Members need `cert` and `key`. An observer needs them only if the members have set
   * `requestPeerCert`.
   */
  readonly cert?: Pem | undefined;
  /** The private key of `cert`. */
  readonly key?: Pem | undefined;
  /** The certificates of the authorities to trust. Default: those that Node.js trusts. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /**
   * Whether peers that connect must present a certificate that an authority in `ca` has signed. Requires `ca`. Default
   * false.
   */
  readonly requestPeerCert?: boolean | undefined;
}

/** Opens and accepts the connections between nodes. With `tls`, they are encrypted. */
export interface Transport {
  /**
   * Listens at an address, and calls `accept` with each new connection.
   *
   * @throws ListenError (as a rejection) if the address cannot be bound
   */
  listen(address: Address, accept: (connection: Connection) => void, tls?: TlsSettings): Promise<Listener>;
  /**
   * Returns all addresses of a host name, so that each can be dialled. May throw or reject. Absent: `connect` resolves
   * names.
   */
  resolve?(host: string): readonly string[] | Promise<readonly string[]>;
  /**
   * Starts to connect. Returns the connection before it is open; `onOpen` or `onClose` follows later.
   *
   * @throws Error if Node.js does not accept the address
   */
  connect(address: Address, tls?: TlsSettings): Connection;
}

/** Returns `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
