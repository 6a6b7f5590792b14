import { randomBytes } from 'node:crypto';
import { schedulerOf } from '../../streams/rx-scheduler.js';
import { AsyncContext } from '../async-context.js';
import { type Clock, MAX_TIMER_MS, systemClock } from '../clock.js';
import { createCluster } from '../cluster/cluster.js';
import type { ClusterApi } from '../cluster/cluster-api.js';
import type { ClusterConfig, Engine } from '../cluster/cluster-config.js';
import type { ClusterEngine, MembershipView } from '../cluster/engine.js';
import type { LinkEndReason } from '../cluster/mesh/link-end-reason.js';
import { mesh } from '../cluster/mesh/start-mesh.js';
import type { NodeId } from '../cluster/node-id.js';
import { parseSeed } from '../cluster/parse-seed.js';
import type { Transport } from '../cluster/transport/transport.js';
import { createWsTransport } from '../cluster/transport/ws-transport.js';
import { HandshakeError, InvalidArgumentError, NodeUnreachableError } from '../errors.js';
import { createClusterObserver } from '../observer/cluster-observer.js';
import type { ClusterObserverApi } from '../observer/cluster-observer-api.js';
import { checkPositive } from '../validate.js';
import { clockInContext } from './clock-in-context.js';
import { createReporting, guarded } from './reporter-setup.js';

/** The maximum time that `attach` waits for links with the nodes that the first node announces, ms. */
const INTRODUCTION_MS = 1000;

/**
 * The maximum delay between attempts to reconnect, ms. Shorter than the default for members, so that the observer soon
 * shows that a node is back.
 */
const RECONNECT_MAX_DELAY_MS = 5000;

export interface AttachOptions extends Pick<ClusterConfig, 'tls' | 'forgetAfterMs'> {
  /**
   * The secret of the cluster, or an `observerSecret` of it. If it is a list, the first secret is used. Cannot be
   * combined with the option `observerSecret`.
   */
  readonly clusterSecret?: string | readonly string[] | undefined;
  /**
   * A secret that admits observers only. If it is a list, the first secret is used. If nodes have secrets,
   * `clusterSecret` or `observerSecret` is required.
   */
  readonly observerSecret?: string | readonly string[] | undefined;
  /** The limit for the first link with a node, and again for the first answer of that node, ms. Default 5000. */
  readonly timeout?: number | undefined;
  /** Receives errors of handlers and, once `attach` has resolved, errors of links. Default: a report on stderr. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** The transport of the links. Default: WebSockets. */
  readonly transport?: Transport | undefined;
}

/** A cluster observed from outside. In its snapshots, `localNodeId` is the id of the observer, which is not a node. */
export interface AttachedObserver extends ClusterObserverApi<NodeId> {
  /** Ends all links, and completes all subscriptions. Resolves when the links are closed. */
  detach(): Promise<void>;
}

/**
 * Connects to a running cluster as an observer. The observer is not a member, and nodes do not announce it to each
 * other. One address is enough: the observer discovers the other nodes through the node at that address. It keeps
 * working if that node goes down.
 *
 * Rejects with:
 * - InvalidNodeIdError, InvalidClusterConfigError or InvalidArgumentError for invalid arguments.
 * - HandshakeError if every address fails, and the last failure was a refusal: wrong secret, other protocol version,
 *   another node at that address, or too many observers.
 * - NodeUnreachableError if no node answers in time, or if every address fails and the last one was unreachable.
 *
 * - EngineUnreachableError or MissingPackageError of the engine, if one is given.
 *
 * @param target `name@host:port`, `host:port` or `dns:name:port` of a member. If there are several addresses, one node that
 * answers is enough. For a cluster with an engine: `{ engine }`, without secrets and `tls`, which the engine has itself.
 * @example
 * const cluster = await attach('nodeA@127.0.0.1:4369');
 * cluster.snapshot$.subscribe(({ aggregated }) => console.log(aggregated));
 */
export async function attach(
  target: string | readonly string[] | { readonly engine: Engine },
  options: AttachOptions = {},
): Promise<AttachedObserver> {
  const { timeout = 5000 } = options;
  const context = new AsyncContext();
  const clock = clockInContext(context, options.clock ?? systemClock);
  const { problem } = createReporting({ clock, nodeId: () => undefined });
  const onError = guarded(options.onError ?? problem, problem);
  const { clusterSecret, observerSecret, tls, forgetAfterMs } = options;
  checkPositive('timeout', timeout, MAX_TIMER_MS);
  const { seeds, engine: chosen } = readTarget(target);

  let isAttached = false;
  const contact = new FirstContact(seeds, chosen?.name ?? seeds.join(', '));
  const engine = createCluster({
    clock,
    startNode: mesh({
      transport: options.transport ?? createWsTransport(),
      onSeedFailed: (seed, end) => contact.failed(seed, end),
    }),
    role: 'observer',
    processCount: () => 0,
    // Errors during `attach` are not reported: if no node can be reached, `attach` rejects with the last one.
    onError: (error) => isAttached && onError(error),
  });
  const { cluster, membership } = engine;
  const observer = observeFrom(engine, clock, onError);
  cluster.onNodeUp(({ id }) => contact.succeeded(id));
  const timer = clock.setTimeout(() => contact.timedOut(timeout), timeout);
  try {
    await cluster.start({
      nodeName: `observer-${randomBytes(6).toString('hex')}`,
      ...(chosen === undefined ? { seeds } : { engine: chosen }),
      reconnectMaxDelayMs: RECONNECT_MAX_DELAY_MS,
      ...(clusterSecret !== undefined && { clusterSecret }),
      ...(observerSecret !== undefined && { observerSecret }),
      ...(tls !== undefined && { tls }),
      ...(forgetAfterMs !== undefined && { forgetAfterMs }),
    });
    const first = await contact.made;
    // Waits for the list of members, which the node sends before this answer. The answer itself is not used, so a
    // failure is ignored.
    await observer.getNodeSnapshot(first, timeout).catch(() => undefined);
    await introduced(cluster, membership, clock);
  } catch (error) {
    await cluster.stop();
    throw error;
  } finally {
    clock.clearTimeout(timer);
  }
  isAttached = true;
  return context.bind({ ...observer, detach: () => cluster.stop() });
}

function readTarget(target: string | readonly string[] | { readonly engine: Engine }): {
  readonly seeds: readonly string[];
  readonly engine: Engine | undefined;
} {
  if (typeof target === 'object' && 'engine' in target) return { seeds: [], engine: target.engine };
  const seeds = (typeof target === 'string' ? [target] : target).map((address) => parseSeed(address).text);
  if (seeds.length === 0) throw new InvalidArgumentError('target', 'at least one address', target);
  return { seeds, engine: undefined };
}

/** Makes the ClusterObserver of an attached observer, which is not a member and has no processes of its own. */
function observeFrom(
  { cluster, membership, rpc }: ClusterEngine,
  clock: Clock,
  onError: (error: unknown) => void,
): ClusterObserverApi<NodeId> {
  return createClusterObserver<NodeId>({
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    scheduler: schedulerOf(clock),
    role: 'observer',
    local: undefined,
    request: rpc.request.bind(rpc),
    links: () => [],
    onNotify: rpc.onNotify.bind(rpc),
    conflations: () => 0,
    localNode: membership.local,
    members: membership.members,
    changes: { subscribe: membership.onChange },
    stopped: { subscribe: (listener) => cluster.onStatusChange((status) => status === 'stopping' && listener(status)) },
    onError,
  });
}

/**
 * Waits for the first link. `made` resolves with the id of the first linked node. It rejects with HandshakeError or
 * NodeUnreachableError when all seeds have failed, and with NodeUnreachableError at the time-out.
 */
class FirstContact {
  readonly made: Promise<NodeId>;
  readonly #failed = new Set<string>();
  readonly #seeds: readonly string[];
  /** What cannot be reached if no node answers: the addresses, or the name of the engine. */
  readonly #target: string;
  #resolve: (id: NodeId) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(seeds: readonly string[], target: string) {
    this.#seeds = seeds;
    this.#target = target;
    this.made = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The promise may reject before `attach` awaits it, which must not count as an unhandled rejection.
    this.made.catch(() => undefined);
  }

  succeeded(id: NodeId): void {
    this.#resolve(id);
  }

  failed(seed: string, end: LinkEndReason): void {
    this.#failed.add(seed);
    if (this.#seeds.every((each) => this.#failed.has(each))) this.#reject(errorOf(seed, end));
  }

  timedOut(ms: number): void {
    this.#reject(new NodeUnreachableError(this.#target, `no answer within ${ms} ms`));
  }
}

function errorOf(target: string, end: LinkEndReason): Error {
  if (end.kind === 'broken') return new NodeUnreachableError(target, end.reason);
  const problem = end.by === 'us' ? end.message : `refused by the other side: ${end.message}`;
  return new HandshakeError(target, end.reason, problem);
}

/** Resolves when no announced node waits for its first link any more, or after {@link INTRODUCTION_MS}. */
function introduced(cluster: ClusterApi, membership: MembershipView, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const isOver = (): boolean =>
      cluster.getStatus() !== 'running' || membership.members().every(({ status }) => status !== 'connecting');
    const end = (): void => {
      unsubscribe();
      clock.clearTimeout(timer);
      resolve();
    };
    const unsubscribe = membership.onChange(() => isOver() && end());
    const timer = clock.setTimeout(end, INTRODUCTION_MS);
    if (isOver()) end();
  });
}
