import { randomBytes } from 'node:crypto';
import { type NodeLinks, sumOfLinks } from '../../streams/node-links.js';
import type { Clock, Timer } from '../clock.js';
import { ClusterAlreadyStartedError, ClusterNotStartedError } from '../errors.js';
import { ChannelTable } from './channels.js';
import type { ClusterStatus, NodeInfo } from './cluster-api.js';
import type { ClusterConfig, ClusterSettings } from './cluster-config.js';
import { ChosenEngine, type EngineNode, type StartNode } from './engine.js';
import { Listeners } from './event-listeners.js';
import type { DeliveredFrame, Role } from './frames.js';
import { LinkRates, type LinkTotals, SAMPLE_INTERVAL_MS } from './link-figures.js';
import type { KnownMember, MembershipChange } from './membership.js';
import { createMembershipListeners } from './membership-listeners.js';
import { NodeId } from './node-id.js';
import { readClusterConfig } from './read-cluster-config.js';
import { type Requester, RpcEndpoint } from './rpc.js';

export interface ClusterOptions {
  readonly clock: Clock;
  /** Starts a node of the engine. */
  readonly startNode: StartNode;
  /** Returns the number of local processes, which every heartbeat carries. */
  readonly processCount: () => number;
  /** Receives errors that are not returned to a caller: refused links, protocol violations, handlers that throw. */
  readonly onError: (error: Error) => void;
  /** The life of the runtime, which refs contain. Default: random. */
  readonly life?: string;
  /** An `observer` reads the cluster without being a member. Default `member`. */
  readonly role?: Role;
}

/** Starts and stops the node of an engine, and passes its events to requests, channels and listeners. */
export class ClusterLifecycle {
  readonly #options: ClusterOptions;
  readonly #life: string;
  readonly rpc: RpcEndpoint;
  readonly channels: ChannelTable;
  readonly listeners: ReturnType<typeof createMembershipListeners>;
  readonly statusChange: Listeners<[ClusterStatus]>;
  readonly #rates = new LinkRates();
  #sampling: Timer | undefined;
  /** The figures of all links together at the last sample. */
  #links: NodeLinks | undefined;
  #node: EngineNode | undefined;
  #settings: ClusterSettings | undefined;
  #status: ClusterStatus = 'stopped';
  #lastIncarnation = 0;
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(options: ClusterOptions) {
    const { clock, onError, role = 'member' } = options;
    const node = (): EngineNode | undefined => this.#node;
    this.#options = options;
    this.#life = options.life ?? randomBytes(12).toString('base64url');
    this.rpc = new RpcEndpoint({ clock, onError, node });
    this.channels = new ChannelTable({ onError, role, node });
    this.statusChange = new Listeners(onError);
    this.listeners = createMembershipListeners(onError, () => this.#status === 'stopping');
  }

  /** The node; `undefined` while the cluster is not running. */
  get node(): EngineNode | undefined {
    return this.#node;
  }

  /** The settings with which the cluster was started last; `undefined` before its first start. */
  get settings(): ClusterSettings | undefined {
    return this.#settings;
  }

  get status(): ClusterStatus {
    return this.#status;
  }

  /** Returns the node of the running cluster. @throws ClusterNotStartedError */
  running(): EngineNode {
    if (this.#node === undefined || this.#status !== 'running') throw new ClusterNotStartedError();
    return this.#node;
  }

  async start(config: ClusterConfig): Promise<void> {
    if (this.#status !== 'stopped') throw new ClusterAlreadyStartedError(this.#status);
    const settings = readClusterConfig(config, this.#options.role);
    this.#settings = settings;
    // Set before listeners are notified, so that a stop() in a status handler finds a start to wait for.
    this.#starting = this.#launch(settings);
    this.#become('starting');
    await this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #launch(settings: ClusterSettings): Promise<void> {
    const { clock, startNode, processCount, onError, role = 'member' } = this.#options;
    this.#lastIncarnation = Math.max(clock.now(), this.#lastIncarnation + 1);
    try {
      const start = settings.engine instanceof ChosenEngine ? settings.engine.startNode : startNode;
      this.#node = await start({
        settings,
        role,
        life: this.#life,
        incarnation: this.#lastIncarnation,
        clock,
        processCount,
        onError,
        onChange: (change) => this.#changed(change),
        onFrame: (from, frame) => this.#received(from, frame),
        isPublic: (method) => this.rpc.isPublic(method),
        onObserverGone: (id) => this.listeners.peerGone.emit(id),
      });
    } catch (error) {
      this.#become('stopped');
      throw error;
    }
    this.#sampleLinks();
    this.#become('running');
  }

  async #end(): Promise<void> {
    await this.#starting.catch(() => undefined); // start() rejects with this error
    const stopped = this.#node;
    if (stopped === undefined) return;
    this.#become('stopping');
    if (this.#sampling !== undefined) this.#options.clock.clearTimeout(this.#sampling);
    this.#node = undefined;
    this.#links = undefined;
    this.rpc.stop();
    await stopped.stop();
    this.#become('stopped');
  }

  /** Describes a member, with the figures of its link if there is one. */
  infoOf(member: KnownMember): NodeInfo {
    const info = nodeInfo(member);
    const node = this.#node;
    const link = member.status === 'connected' ? node?.link(member.id) : undefined;
    if (node === undefined || link === undefined) return info;
    const { roundTripMs, reconnects } = link;
    const backlogBytes = node.backlog(member.id);
    const figures = Object.freeze({ ...this.#rates.of(member.id), roundTripMs, backlogBytes, reconnects });
    return Object.freeze({ ...info, link: figures });
  }

  /**
   * The figures of all links together, at most about a second old. `undefined` if there were no links, or the cluster
   * is not running.
   */
  get links(): NodeLinks | undefined {
    return this.#links;
  }

  #sampleLinks(): void {
    const { clock } = this.#options;
    const totals = new Map<NodeId, LinkTotals>();
    for (const { id } of this.#node?.members() ?? []) {
      const link = this.#node?.link(id);
      if (link === undefined) continue;
      const { sentBytes, receivedBytes } = link;
      const { sent, received } = this.channels.itemCounts(id) ?? { sent: 0, received: 0 };
      totals.set(id, { sentMessages: sent, receivedMessages: received, sentBytes, receivedBytes });
    }
    this.#rates.sample(totals, clock.monotonic());
    const infos = this.#node?.members().map((member) => this.infoOf(member)) ?? [];
    this.#links = sumOfLinks(infos.flatMap(({ id, link }) => (link === undefined ? [] : [{ ...link, nodeId: id }])));
    this.#sampling = clock.setTimeout(() => this.#sampleLinks(), SAMPLE_INTERVAL_MS);
    this.#sampling.unref();
  }

  #become(next: ClusterStatus): void {
    this.#status = next;
    this.statusChange.emit(next);
  }

  #changed(change: MembershipChange): void {
    if (change.type !== 'up' && change.type !== 'learned') this.rpc.linkEnded(change.id);
    const member = this.#node?.member(change.id);
    this.channels.follow(change);
    this.listeners.announce({ change, info: member === undefined ? undefined : nodeInfo(member) });
  }

  #received(from: Requester, frame: DeliveredFrame): void {
    if (frame.type === 'items') this.channels.receive(from, frame);
    else this.rpc.receive(from, frame);
  }
}

function nodeInfo(member: KnownMember): NodeInfo {
  const { id, status, processCount, lastHeardAt, uptimeMs, version, roles, metadata } = member;
  const { host, port } = NodeId.parts(id);
  const info = { id, host, port, status, processCount, lastHeartbeatAt: lastHeardAt, uptimeMs, roles, metadata };
  return Object.freeze(version === undefined ? info : { ...info, version });
}
