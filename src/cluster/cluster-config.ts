import type { BackoffOptions } from './backoff.js';
import type { DetectorConfig } from './failure-detector.js';
import type { NodeDescription, NodeMetadata } from './node-description.js';
import type { Seed, SeedSource } from './parse-seed.js';
import type { Address, TlsSettings } from './transport/transport.js';

/** The address at which other nodes reach this node. */
export interface AdvertiseOptions {
  /** Default: `host` of the node. */
  readonly host?: string | undefined;
  /** Default: the bound port. */
  readonly port?: number | undefined;
}

/** A message from another node, as {@link ClusterConfig.accept} receives it: without its body. */
export interface IncomingMessage {
  /** The id of the node that sent it. */
  readonly from: string;
  /**
   * The process that receives the message: its id, and its registered name if it has one. For `start`, only `behavior`.
   */
  readonly to: {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
    /**
     * The name of the behavior that a `start` message asks this node to start: for `startRemote`, or as a child of a
     * distributed supervisor whose leader is on another node.
     */
    readonly behavior?: string | undefined;
  };
  /** What the message does. `register` and `unregister` concern a global name of the process. */
  readonly kind: 'call' | 'cast' | 'info' | 'monitor' | 'link' | 'stop' | 'kill' | 'start' | 'register' | 'unregister';
}

/** The options of `Cluster.start`. All times are in ms. */
export interface ClusterConfig {
  /** The part of the node id before the `@`: a letter, then letters, digits, `_` or `-`; at most 64 characters. */
  readonly nodeName: string;
  /** The host in the node id: the address at which other nodes reach this node. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /**
   * The address to bind; `0.0.0.0` or `::` for all. If this is not 127.0.0.1, `host` or `advertise.host` is required.
   * Default: `host`.
   */
  readonly listen?: string | undefined;
  /** The port to bind. Default 4369. 0 lets the operating system choose; the node id then has the port it chose. */
  readonly port?: number | undefined;
  /**
   * The address at which other nodes reach this node, if it differs from the listening address: behind a published or
   * forwarded port. It becomes part of the node id. Default: `host` and the bound port.
   */
  readonly advertise?: AdvertiseOptions | undefined;
  /**
   * Where to find other nodes: `name@host:port`, `host:port` or `dns:name:port`, or a function that returns the current
   * list of these. This node dials all addresses of a host name. It resolves names and calls functions again every 15
   * to 30 s. One seed that answers is enough to join. This node keeps dialling the other seeds as long as it runs.
   * Default: none.
   */
  readonly seeds?: SeedSource | readonly (string | SeedSource)[] | undefined;
  /**
   * The shared secret; the same on every node. It is never sent over the network. With several secrets, this node
   * authenticates with the first and accepts all. To rotate a secret without downtime, configure every node with
   * `[old, new]`, then `[new, old]`, then `[new]`.
   */
  readonly clusterSecret?: string | readonly string[] | undefined;
  /**
   * The secret for observers: a peer that knows it can attach as an observer, but cannot join as a node. It requires a
   * `clusterSecret`, which admits observers, too. To rotate it, proceed as with `clusterSecret`. Default: none.
   */
  readonly observerSecret?: string | readonly string[] | undefined;
  /**
   * Encrypts all links and proves the identity of this node. With `requestPeerCert`, peers that connect must prove
   * their identity, too. Set `tls` on every node or on none: a node with TLS and a node without TLS cannot connect.
   */
  readonly tls?: TlsSettings | undefined;
  /** How often this node sends a heartbeat over each link. Default 1000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** A peer is down after this many heartbeat intervals without data from it. Default 5. */
  readonly heartbeatMissThreshold?: number | undefined;
  /**
   * The upper bound of the first delay before a lost or unreachable node is dialled again. Each failure doubles the
   * bound. Default 1000.
   */
  readonly reconnectBaseDelayMs?: number | undefined;
  /**
   * The upper bound of the delay between two attempts to dial a node. Default 30000, or `reconnectBaseDelayMs` if that
   * is longer.
   */
  readonly reconnectMaxDelayMs?: number | undefined;
  /** How long a disconnected node stays in the list of nodes, ms. Default 60000. */
  readonly forgetAfterMs?: number | undefined;
  /**
   * Decides whether a message from another node is delivered. Called for each message, before its body is read. If it
   * returns `false` or throws, the message is refused: a call is rejected with MessageRefusedError, a cast or info is
   * dropped. Default: all members may send to all processes.
   */
  readonly accept?: ((message: IncomingMessage) => boolean) | undefined;
  /**
   * What this node is for, such as `['worker']`. All nodes see it in the `roles` of a `NodeInfo`. At most 32 different
   * roles of 1 to 64 characters without control characters; together at most 3 KiB as JSON. Default: none.
   */
  readonly roles?: readonly string[] | undefined;
  /**
   * Values that describe this node, such as `{ zone: 'a' }`. All nodes see them in the `metadata` of a `NodeInfo`. A plain
   * object of strings, numbers and booleans; at most 4 KiB as JSON. Roles and metadata are sent before a peer has proved
   * that it knows the secret: they must not be confidential. Default: none.
   */
  readonly metadata?: NodeMetadata | undefined;
  /**
   * How many nodes, this one included, this node must see to own global names: more than half of the largest number of
   * nodes that the cluster ever has, and the same on all nodes. With fewer, it registers no global name, and the processes
   * that own one are killed. Default: none; then each part of a split network gives names on its own.
   */
  readonly minNodes?: number | undefined;
  /** Allows listening beyond loopback without a `clusterSecret`: any peer that can connect can join. Default false. */
  readonly insecure?: boolean | undefined;
}

/** A validated {@link ClusterConfig} with all defaults applied. */
export interface ClusterSettings {
  readonly nodeName: string;
  /** The address in the node id. `host` has no brackets. If `port` is absent, the node id has the bound port. */
  readonly advertise: { readonly host: string; readonly port?: number };
  readonly listen: Address;
  readonly seeds: readonly (Seed | SeedSource)[];
  /** This node authenticates with the first secret, and accepts all of them. */
  readonly clusterSecrets: readonly string[];
  /** Secrets that are accepted from observers only. */
  readonly observerSecrets: readonly string[];
  readonly tls: TlsSettings | undefined;
  readonly detector: DetectorConfig;
  readonly backoff: BackoffOptions;
  readonly forgetAfterMs: number;
  readonly accept: ((message: IncomingMessage) => boolean) | undefined;
  /** What this node announces about its purpose. */
  readonly description: NodeDescription;
  readonly minNodes: number | undefined;
}
