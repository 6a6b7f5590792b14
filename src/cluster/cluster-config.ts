import type { BackoffOptions } from './backoff.js';
import type { DetectorConfig } from './failure-detector.js';
import type { Seed, SeedSource } from './seed.js';
import type { Address, TlsSettings } from './transport/transport.js';

/** The address at which other nodes reach this node. */
export interface AdvertiseOptions {
  /** Default: `host` of the node. */
  readonly host?: string | undefined;
  /** Default: the bound port. */
  readonly port?: number | undefined;
}

/** A message from another node, for `accept`. */
export interface IncomingMessage {
  /** The id of the node that sent it. */
  readonly from: string;
  /** The process that it is for, with its registered name if it has one. Of `start`, the name of the behavior instead. */
  readonly to: {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
    readonly behavior?: string | undefined;
  };
  /** `register` and `unregister`: of a global name of the process. */
  readonly kind: 'call' | 'cast' | 'info' | 'monitor' | 'link' | 'stop' | 'kill' | 'start' | 'register' | 'unregister';
}

/** The options of `Cluster.start`. All times are in ms. */
export interface ClusterConfig {
  /** A letter, then letters, digits, `_` or `-`; at most 64. */
  readonly nodeName: string;
  /** The address in the node id, at which others reach this node. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** The address to bind; `0.0.0.0` or `::` for all. Any but 127.0.0.1 needs a `host`. Default: `host`. */
  readonly listen?: string | undefined;
  /** The port to bind. Default 4369. 0 lets the operating system choose; the node id then has the port it chose. */
  readonly port?: number | undefined;
  /**
   * The address at which other nodes reach this node, if it differs from the listening address: behind a published or
   * forwarded port. It becomes part of the node id. Default: `host` and the bound port.
   */
  readonly advertise?: AdvertiseOptions | undefined;
  /**
   * Where to look for other nodes: `name@host:port`, `host:port` or `dns:name:port`, or a function that returns the
   * current list of such texts. All addresses of a host name are dialled. Names are resolved again, and functions
   * called again, from time to time. One node that answers is enough to join; the other seeds are dialled, too, as long
   * as this node runs.
   * Default: none.
   */
  readonly seeds?: SeedSource | readonly (string | SeedSource)[] | undefined;
  /**
   * The shared secret; the same on every node. It is never sent over the network. Of several secrets, the first is used
   * to authenticate and all are accepted. To rotate a secret without downtime, configure every node with `[old, new]`,
   * then `[new, old]`, then `[new]`.
   */
  readonly clusterSecret?: string | readonly string[] | undefined;
  /**
   * The secret of observers: a peer that proves it can join as an observer, never as a node. Several are rotated like
   * several of `clusterSecret`, which is required with it and also admits observers. Default: none.
   */
  readonly observerSecret?: string | readonly string[] | undefined;
  /**
   * Encrypts all links and proves the identity of this node; with `requestPeerCert`, connecting peers prove theirs,
   * too. Set it on every node or on none: a node with TLS and a node without cannot connect.
   */
  readonly tls?: TlsSettings | undefined;
  /** Default 1000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** The number of silent intervals after which a peer is down. Default 5. */
  readonly heartbeatMissThreshold?: number | undefined;
  /** The first delay before a lost or unreachable node is dialled again. Default 1000. */
  readonly reconnectBaseDelayMs?: number | undefined;
  /** The longest such delay. Default 30000. */
  readonly reconnectMaxDelayMs?: number | undefined;
  /** How long a disconnected node stays in the list of nodes, ms. Default 60000. */
  readonly forgetAfterMs?: number | undefined;
  /**
   * Decides which messages from other nodes processes of this node get: called for each, before its body is read. `false`
   * refuses it: a call is rejected with MessageRefusedError, a cast or info is dropped. An `accept` that throws refuses. Default:
   * all members may send to all processes.
   */
  readonly accept?: ((message: IncomingMessage) => boolean) | undefined;
  /** Allows listening beyond loopback without a `clusterSecret`: any peer that can connect can join. Default false. */
  readonly insecure?: boolean | undefined;
}

/** A validated {@link ClusterConfig} with all defaults applied. */
export interface ClusterSettings {
  readonly nodeName: string;
  /** The address in the node id; `host` is without brackets. Without `port`, the bound port is used. */
  readonly advertise: { readonly host: string; readonly port?: number };
  readonly listen: Address;
  readonly seeds: readonly (Seed | SeedSource)[];
  /** This side authenticates with the first; all are accepted. */
  readonly clusterSecrets: readonly string[];
  /** Secrets that are accepted from observers only. */
  readonly observerSecrets: readonly string[];
  readonly tls: TlsSettings | undefined;
  readonly detector: DetectorConfig;
  readonly backoff: BackoffOptions;
  readonly forgetAfterMs: number;
  readonly accept: ((message: IncomingMessage) => boolean) | undefined;
}
