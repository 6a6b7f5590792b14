/** Where to listen or connect. `host` is without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The name that `host` was resolved from: what the certificate of the other side is checked against. */
  readonly servername?: string;
}

/** What a connection takes in all before it is trusted: a handshake, and what may come right behind it. */
export const MAX_UNAUTHENTICATED_BYTES = 128 * 1024;

/** How a connection ended. */
export interface Closing {
  /** The close code: 4000 and up are the cluster's own, 1006 is a connection that broke or never came about. */
  readonly code: number;
  /** The reason the closing side gave, or that of the operating system (`ECONNREFUSED`). Untrusted text. */
  readonly reason: string;
}

/**
 * What the other side must not do: send binary data, more than the transport takes, no proper message at all, or one
 * that does not fit the seal; or takes too long to prove its identity.
 */
export type TransportViolation = 'binary_frame' | 'frame_too_large' | 'malformed' | 'forged' | 'handshake_timeout';

/** The most characters that a {@link Seal} adds to a text. */
export const SEAL_CHARS = 24;

/** Makes what travels tamper-proof: each message is sealed and opened once, in the order in which it was sent. */
export interface Seal {
  seal(text: string): string;
  /** `undefined`: it does not fit. */
  open(sealed: string): string | undefined;
}

/** The events of a connection. No handler is ever called from inside a call to the connection. */
export interface ConnectionHandlers {
  /** A dialled connection is usable. Never called for an accepted one, which is usable from the start. */
  onOpen?(): void;
  /** One whole text message; messages come in the order they were sent. */
  onMessage(text: string): void;
  /** The other side broke the transport's rules. The connection is good for nothing but to be closed. */
  onViolation(violation: TransportViolation): void;
  /** Exactly once, whichever side ended it and whether or not it ever opened: everything it held is released. */
  onClose(closing: Closing): void;
}

/** An ordered, reliable stream of text messages to one other process. Nothing here throws. */
export interface Connection {
  /** The other side's address, as text for messages. */
  readonly remote: string;
  /**
   * Must be called once, in the turn in which the connection was handed out (or `terminate` instead): nothing is kept.
   */
  handle(handlers: ConnectionHandlers): void;
  /** Roughly how much of what was passed to `send` has not left this side yet, bytes. */
  readonly backlog: number;
  /** How much has come from the other side, bytes, a message of which the rest is still under way included. */
  readonly received: number;
  /** How much has been transmitted to the other side, bytes. */
  readonly sent: number;
  /**
   * The other side has proved who it is. Until then, no more than {@link MAX_UNAUTHENTICATED_BYTES} are read from it.
   * With a `seal`, all that is sent from now on is sealed, and all that comes from now on has to be.
   *
   * @param maxMessageBytes what an unfinished message may take; default: as much as the transport takes at all
   */
  trust(seal?: Seal, maxMessageBytes?: number): void;
  /** Does nothing unless the connection is open. */
  send(text: string): void;
  /** As `send`, and transmits at once what was sent in this turn, for a transport that collects it otherwise. */
  sendNow(text: string): void;
  /** Ends it in order: what was sent before still arrives, then the code and reason. Messages come in until then. */
  close(code: number, reason: string): void;
  /** Ends the connection immediately, without a close frame. */
  terminate(): void;
}

export interface Listener {
  /** The port bound; the one the operating system chose where 0 was asked for. */
  readonly port: number;
  /** Takes no more connections, ends the accepted ones that are left, and resolves when the port is free. */
  close(): Promise<void>;
}

/** A certificate or key in PEM, as text or as the bytes of its file. */
type Pem = string | Uint8Array;

/** Certificates and keys. */
export interface TlsSettings {
  /** This side's certificate, and its key. A side that only dials may do without. */
  readonly cert?: Pem | undefined;
  readonly key?: Pem | undefined;
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** Peers that connect need a certificate of `ca`, too. Default false. */
  readonly requestPeerCert?: boolean | undefined;
}

/** How links reach other processes; encrypted, with `tls`. */
export interface Transport {
  /** @throws ListenError (as a rejection) when the address cannot be bound */
  listen(address: Address, accept: (connection: Connection) => void, tls?: TlsSettings): Promise<Listener>;
  /** All addresses of a host name, for dialling each. Left out: names are for `connect` to resolve. */
  resolve?(host: string): readonly string[] | Promise<readonly string[]>;
  /** A connection in the making: `onOpen` or `onClose` comes next, at its own time. */
  connect(address: Address, tls?: TlsSettings): Connection;
}

/** `host:port`, with brackets where IPv6 needs them. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
