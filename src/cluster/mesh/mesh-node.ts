import { encode } from '../codec.js';
import type { EngineNode, EngineNodeOptions } from '../engine.js';
import type { Peer } from '../frames.js';
import type { LinkState } from '../link-figures.js';
import type { KnownMember, MembershipChange } from '../membership.js';
import { NodeId } from '../node-id.js';
import type { Requester } from '../rpc.js';
import type { Connection, Listener, Transport } from '../transport/transport.js';
import { DialAttempts } from './dial-attempts.js';
import { Dialer, type DialTarget } from './dialer.js';
import { HeartbeatLoop } from './heartbeat-loop.js';
import type { LinkEndReason } from './link-end-reason.js';
import { LinkErrorReporter } from './link-error-reporter.js';
import { PeerLinks } from './peer-links.js';
import { SeedDialer } from './seed-dialer.js';
import { UnreleasedLinks } from './unreleased-links.js';

/**
 * Takes the place of the listener in an observer, which accepts no connections. The port only completes the node id.
 */
const NOT_LISTENING: Listener = { port: 1, close: () => Promise.resolve() };

export interface MeshNodeOptions extends EngineNodeOptions {
  readonly transport: Transport;
  readonly random: () => number;
  /** Called when none of the addresses of a seed led to a node. The addresses are dialled again after a delay. */
  readonly onSeedFailed: (seed: string, end: LinkEndReason) => void;
}

/**
 * One incarnation of this node in the mesh, from start to stop. Creates the objects that the node consists of, such as
 * the dialers and the link table. A member also listens for connections; an observer only dials.
 */
export class MeshNode implements EngineNode {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly #options: MeshNodeOptions;
  readonly #listener: Listener;
  readonly #linkErrors: LinkErrorReporter;
  readonly #peerLinks: PeerLinks;
  readonly #unreleasedLinks: UnreleasedLinks;
  readonly #dialer: Dialer;
  readonly #seedDialer: SeedDialer;
  readonly #heartbeatLoop: HeartbeatLoop;
  #isStopped = false;

  /**
   * Starts a node: a member listens first, and then dials its seeds; an observer only dials. Resolves before any link
   * is established.
   *
   * @throws ListenError (as a rejection)
   */
  static async start(options: MeshNodeOptions): Promise<MeshNode> {
    const { settings, transport, role } = options;
    if (role === 'observer') {
      const observer = new MeshNode(options, NOT_LISTENING);
      observer.#seedDialer.start();
      return observer;
    }
    let node: MeshNode | undefined;
    const listener = await transport.listen(
      settings.listen,
      (connection) => {
        // The port is not known yet, so there is no node id with which to answer the handshake.
        if (node === undefined) connection.terminate();
        else node.#accept(connection);
      },
      settings.tls,
    );
    node = new MeshNode(options, listener);
    node.#seedDialer.start();
    return node;
  }

  private constructor(options: MeshNodeOptions, listener: Listener) {
    const { settings, incarnation, clock, random, onError, transport, role, life } = options;
    const {
      advertise,
      tls,
      backoff,
      clusterSecrets: secrets,
      observerSecrets,
      seeds,
      nodeName,
      description,
    } = settings;
    this.#options = options;
    this.#listener = listener;
    this.id = NodeId.create(nodeName, advertise.host, advertise.port ?? listener.port);
    this.incarnation = incarnation;
    const { id } = this;
    this.#linkErrors = new LinkErrorReporter(id, onError, () => clock.monotonic());
    const dials = new DialAttempts({
      clock,
      transport,
      tls,
      linkErrors: this.#linkErrors,
      onError,
      openLink: (connection, expected) => this.#unreleasedLinks.open(connection, expected, 0),
    });
    this.#peerLinks = new PeerLinks({
      ...options,
      localId: id,
      dials,
      linkErrors: this.#linkErrors,
      onChange: (change) => this.#changed(change),
    });
    const { linked, members, handlers } = this.#peerLinks;
    this.#unreleasedLinks = new UnreleasedLinks({
      clock,
      local: { id, incarnation, role, secrets, observerSecrets, life, description },
      handlers,
    });
    const dialing = { clock, random, backoff, dial: (target: DialTarget) => dials.dial(target) };
    this.#dialer = new Dialer({
      ...dialing,
      // Observers are never dialled.
      dialsFirst: (other) => role === 'observer' || id < other,
      wasLinked: (other) => members.get(other)?.status === 'disconnected',
    });
    this.#seedDialer = new SeedDialer({
      ...dialing,
      localId: id,
      seeds,
      resolve: (host) => transport.resolve?.(host) ?? [host],
      linkedAt: (address) => linked.at(address),
      onFailed: options.onSeedFailed,
      onUnresolved: (label, { reason, wasLinked }) => dials.unresolved(label, reason, wasLinked),
      onResolved: (label) => dials.resolved(label),
    });
    this.#heartbeatLoop = this.#createHeartbeatLoop();
  }

  #createHeartbeatLoop(): HeartbeatLoop {
    const { clock, settings, processCount, role } = this.#options;
    const { linked, members, observers, gossip } = this.#peerLinks;
    return new HeartbeatLoop({
      clock,
      detector: settings.detector,
      linked,
      heartbeat: (uptimeMs) => encode({ type: 'heartbeat', processCount: processCount(), uptimeMs }),
      onSilent: (id) => this.#peerLinks.lose(id, 'heartbeat_timeout'),
      onBeat: (heartbeat, now, lateMs) => {
        observers.beat(heartbeat, now, lateMs);
        this.#linkErrors.beat();
        members.forget(now, settings.forgetAfterMs);
        if (role === 'member') gossip.beat();
      },
    });
  }

  /** When this node started, ms of the monotonic clock. */
  get startedAt(): number {
    return this.#heartbeatLoop.startedAt;
  }

  members(): readonly KnownMember[] {
    return this.#peerLinks.members.all();
  }

  member(id: NodeId): KnownMember | undefined {
    return this.#peerLinks.members.get(id);
  }

  isConnected(id: NodeId): boolean {
    return this.#peerLinks.isConnected(id);
  }

  supports(id: NodeId, feature: string): boolean {
    return this.#peerLinks.supports(id, feature);
  }

  lifeOf(id: NodeId): string | undefined {
    return this.#peerLinks.lifeOf(id);
  }

  backlog(id: NodeId): number {
    return this.#peerLinks.backlog(id);
  }

  link(id: NodeId): LinkState | undefined {
    return this.#peerLinks.linked.state(id);
  }

  hasRoom(id: NodeId): boolean {
    return this.#peerLinks.hasRoom(id);
  }

  sendEncoded(to: NodeId | Requester, text: string): boolean {
    return this.#peerLinks.sendEncoded(to, text);
  }

  sendNow(to: Peer, text: string): void {
    this.#peerLinks.sendNow(to, text);
  }

  publishEncoded(text: string): void {
    this.#peerLinks.publishEncoded(text);
  }

  disconnect(id: NodeId): void {
    this.#peerLinks.lose(id, 'connection_closed');
  }

  /** Sends `leave` over all established links. Resolves when the port is free and all connections are released. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#heartbeatLoop.stop();
    this.#dialer.stop();
    this.#seedDialer.stop();
    this.#peerLinks.stop();
    this.#linkErrors.stop();
    // The links end last: while the dialer runs, it dials every node whose link ends.
    await Promise.all([this.#unreleasedLinks.leave(), this.#listener.close()]);
  }

  #accept(connection: Connection): void {
    if (this.#isStopped) connection.terminate();
    else this.#unreleasedLinks.open(connection, undefined, this.#peerLinks.handshakeDelay(connection.remote));
  }

  #changed(change: MembershipChange): void {
    this.#dialer.follow(change);
    this.#seedDialer.follow(change);
    this.#options.onChange(change);
  }
}
