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
  /** The process that receives the message. A `start` message has only `behavior`; other messages never have it. */
  readonly to: {
    /** The id of the process. */
    readonly id?: string | undefined;
    /** The registered name of the process, if it has one. */
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

/** What forms a cluster, as `nats()` of `noex/nats` returns it. */
export interface Engine {
  /** Such as `nats`. */
  readonly name: string;
}

/** The options of `Cluster.start`. All times are in ms. */
export interface ClusterConfig {
  /** The part of the node id before the `@`: a letter, then letters, digits, `_` or `-`; at most 64 characters. */
  readonly nodeName: string;
  /**
   * What forms the cluster; the same on all nodes. With an engine, the options for addresses, seeds, secrets and TLS of
   * the mesh are not allowed. Default: a mesh of WebSockets between all nodes.
   */
  readonly engine?: Engine | undefined;
  /** The host in the node id: the address at which other nodes reach this node. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /**
   * The address to bind; `0.0.0.0` or `::` for all. If this is not 127.0.0.1, `host` or `advertise.host` is required.
   * Default: `host`.
   */
  readonly listen?: string | undefined;
  /**
   * The port to bind. Default 4369. With 0, the operating system chooses a port. The node id then has the chosen port,
   * unless `advertise.port` is set.
   */
  readonly port?: number | undefined;
  /**
   * The address at which other nodes reach this node, if it differs from the listening address: behind a published or
   * forwarded port. It becomes part of the node id. Default: `host` and the bound port.
   */
  readonly advertise?: AdvertiseOptions | undefined;
  /**
   * Where to find other nodes: `name@host:port`, `host:port` or `dns:name:port`, or a function that returns the current
   * list of these. This node dials all addresses of a host name. It resolves names and calls functions again every 15
   * to 30 s; after a failure, the reconnect delays apply. One seed that answers is enough to join. This node keeps
   * dialling the others until it is linked with a node at each address. Default: none.
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
  /**
   * How long a disconnected node stays in the list of nodes, ms. The time begins again whenever another node reports
   * that it is linked with that node. Default 60000.
   */
  readonly forgetAfterMs?: number | undefined;
  /**
   * Decides whether a message from another node is delivered. Called for each message, before its body is read. If the
   * function throws, or does not return `true`, the message is refused. What follows depends on the kind:
   * - `call`, `stop`, `start`, `register`, `unregister`: the sender gets MessageRefusedError.
   * - `cast`, `info`, `kill`: the message is dropped.
   * - `monitor`, `link`: the sender gets the notice that there is no such process (`noproc`).
   *
   * Default: all members may send to all processes.
   */
  readonly accept?: ((message: IncomingMessage) => boolean) | undefined;
  /**
   * What this node is for, such as `['worker']`. All nodes see it in the `roles` of a `NodeInfo`. At most 32 different
   * roles of 1 to 64 characters without control characters; together at most 3 KiB as JSON. Default: none.
   */
  readonly roles?: readonly string[] | undefined;
  /**
   * Values that describe this node, such as `{ zone: 'a' }`. All nodes see them in the `metadata` of a `NodeInfo`. A
   * plain object of strings, numbers and booleans; at most 4 KiB as JSON. Roles and metadata must not be confidential:
   * they are sent before a peer has proved that it knows the secret. Default: none.
   */
  readonly metadata?: NodeMetadata | undefined;
  /**
   * How many nodes, this node included, this node must see before it may own global names. Set the same number on all
   * nodes: more than half of the largest number of nodes that the cluster ever has. While this node sees fewer nodes,
   * it registers no global name. Its processes that own a global name are killed; a distributed supervisor stands by
   * instead. Default: none. Without `minNodes`, each part of a split network registers names independently.
   */
  readonly minNodes?: number | undefined;
  /**
   * Allows listening beyond loopback with neither `clusterSecret` nor `tls.requestPeerCert`. Any peer that can connect
   * can then join. Default false.
   */
  readonly insecure?: boolean | undefined;
}

/** A validated {@link ClusterConfig} with all defaults applied. */
export interface ClusterSettings {
  readonly nodeName: string;
  /** What forms the cluster; `undefined`: the engine of the runtime. */
  readonly engine: Engine | undefined;
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
