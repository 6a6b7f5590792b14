import type { BackoffOptions } from './backoff.js';
import type { DetectorConfig } from './failure-detector.js';
import type { Seed, SeedSource } from './seed.js';
import type { Address, TlsSettings } from './transport/transport.js';

/** Where others reach a node. */
export interface AdvertiseOptions {
  /** Default: the `host` of the node. */
  readonly host?: string | undefined;
  /** Default: the port bound. */
  readonly port?: number | undefined;
}

/** What `Cluster.start` takes. Times are in ms. */
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
   * Where others reach this node, if that is not where it listens: behind a published or forwarded port. The node id is made
   * of it. Default: `host`, and the port bound.
   */
  readonly advertise?: AdvertiseOptions | undefined;
  /**
   * Where to look for the other nodes: `name@host:port`, `host:port`, or `dns:name:port`; or a function that returns such
   * texts of the moment. Of a host name all addresses are dialled, and it is resolved again from time to time, as functions
   * are called again. One node that answers will do; the others are dialled, too, for as long as this node runs.
   * Default none.
   */
  readonly seeds?: SeedSource | readonly (string | SeedSource)[] | undefined;
  /**
   * Every node of the cluster has the same. It never crosses the wire. Of several, the first is used and each is accepted:
   * so a secret is exchanged without a stop, first `[old, new]` on every node, then `[new, old]`, then `[new]`.
   */
  readonly clusterSecret?: string | readonly string[] | undefined;
  /**
   * For observers only: a peer that proves this secret joins as an observer, never as a node. Several are exchanged like
   * several of `clusterSecret`, which is required with it and admits observers, too. Default none.
   */
  readonly observerSecret?: string | readonly string[] | undefined;
  /**
   * Encrypts all links and proves the identity of this node; with `requestPeerCert`, peers that connect prove theirs, too.
   * The same on every node: a node with TLS and one without cannot connect.
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
  /** How long a node that is gone stays in the view as `disconnected`. Default 60000. */
  readonly forgetAfterMs?: number | undefined;
  /** Listens beyond loopback without a `clusterSecret`: any peer that can connect can join. Default false. */
  readonly insecure?: boolean | undefined;
}

/** A {@link ClusterConfig} that was checked, with every default in its place. */
export interface ClusterSettings {
  readonly nodeName: string;
  /** The address in the node id, the host without brackets. Without a port, it is the one that is bound. */
  readonly advertise: { readonly host: string; readonly port?: number };
  readonly listen: Address;
  readonly seeds: readonly (Seed | SeedSource)[];
  /** The first is what this side proves; each is accepted. */
  readonly clusterSecrets: readonly string[];
  /** Accepted of observers, besides. */
  readonly observerSecrets: readonly string[];
  readonly tls: TlsSettings | undefined;
  readonly detector: DetectorConfig;
  readonly backoff: BackoffOptions;
  readonly forgetAfterMs: number;
}
