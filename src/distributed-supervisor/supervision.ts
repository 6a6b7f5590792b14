import { MessageRefusedError } from '../errors.js';
import type { ProcessRef } from '../process/process-refs.js';
import { RESERVED_PREFIX } from '../validate.js';
import { ChildHost, type HostPorts, type LeaderClaim } from './child-host.js';
import { type ChildRequestBody, performRequest, requestError } from './child-requests.js';
import type { SupervisorSettings } from './distributed-options.js';
import { sentSpec } from './sent-spec.js';
import { isInstanceMessage, isLeaderMessage, LOCAL_NODE, type SupervisionMessage } from './supervision-protocol.js';
import { type InstancePorts, SupervisorInstance } from './supervisor-instance.js';
import { fromWire, refFromWire, requestFromWire, toWire } from './wire-messages.js';

/** The global names of distributed supervisors start with this. */
const NAME_PREFIX = `${RESERVED_PREFIX}supervisor:`;

/** How long a node that joins a cluster waits for its first link before its supervisors lead, ms. */
const JOIN_WAIT_MS = 3000;

type SharedPorts = Pick<
  InstancePorts,
  'life' | 'nodeId' | 'peers' | 'candidate' | 'random' | 'now' | 'hasEnded' | 'reserveMs' | 'after' | 'emit'
>;

export interface SupervisionPorts extends SharedPorts, Pick<HostPorts, 'refusal' | 'watch' | 'stop' | 'kill'> {
  readonly names: {
    /**
     * Claims a global name for a process of this runtime, until that process ends. Resolves when the process owns the
     * name. Rejects if it is taken or cannot be claimed now.
     */
    claim(name: string, processId: string): Promise<void>;
    release(name: string): void;
    /** The owners of a name. After a partition there may be several; the first one wins. */
    owners(name: string): readonly LeaderClaim[];
  };
  /** Whether this node sees enough nodes to run children. Always true without `minNodes`. */
  hasQuorum(): boolean;
  start(
    supervisor: { readonly key: string; readonly name: string },
    ...child: Parameters<HostPorts['start']>
  ): ReturnType<HostPorts['start']>;
  /** Sends an item, which is JSON text, to a node. Does nothing if there is no channel with the node. */
  send(node: string, item: string): void;
  /** Sends an item with a number. Resolves with the node's answer. Rejects if the request fails there or on its way. */
  request(node: string, itemWith: (number: number) => string): Promise<unknown>;
  /**
   * Converts a value to JSON text. `isAnnotated`: the text has annotations for values that JSON cannot represent.
   *
   * @param root the name of the value in errors
   * @throws NotSerializableError
   */
  encode(value: unknown, root: string): { readonly text: string; readonly isAnnotated: boolean };
}

/** The distributed supervisors of one node: its own instances, and the children that it runs for any instance. */
export class Supervision {
  readonly #ports: SupervisionPorts;
  readonly #instances = new Map<string, SupervisorInstance>();
  readonly #hosts = new Map<string, ChildHost>();
  /** Whether this node is leaving or has left its cluster, or waits for its first link in a new one. */
  #isDormant = false;
  /** Ends the wait for the first link; `undefined` if this node does not wait. */
  #cancelJoin: (() => void) | undefined;

  constructor(ports: SupervisionPorts) {
    this.#ports = ports;
  }

  /** The instance of a supervisor in this runtime; `undefined` if there is none. */
  instance(key: string): SupervisorInstance | undefined {
    return this.#instances.get(key);
  }

  /** Adds an instance of a supervisor. `key`: the name of the supervisor, or {@link keyOfUnnamed}. */
  add(key: string, settings: SupervisorSettings, process: SupervisorInstance['process']): SupervisorInstance {
    const name = NAME_PREFIX + key;
    const { names } = this.#ports;
    const instance = new SupervisorInstance(
      settings,
      process,
      {
        ...this.#ports,
        claim: (processId) => names.claim(name, processId),
        release: () => names.release(name),
        owners: () => names.owners(name),
        send: (node, term, message) => this.#send(node, key, term, message),
        toSent: (spec) => sentSpec(spec),
      },
      this.#isDormant,
    );
    this.#instances.set(key, instance);
    // A node that has left its cluster may never join another one, so the start does not wait for that.
    if (this.#isDormant && this.#cancelJoin === undefined) instance.abandonStart();
    return instance;
  }

  /** Removes an instance whose process has ended. */
  remove(key: string): void {
    this.#instances.get(key)?.dispose();
    this.#instances.delete(key);
  }

  /**
   * Performs a request about a child at the leader of the supervisor. Resolves with the ref of the started child;
   * `undefined` after a stop. Rejects as {@link performRequest} does, or if the leader's node does not answer.
   */
  async request(key: string, body: ChildRequestBody): Promise<ProcessRef | undefined> {
    const instance = this.#instances.get(key);
    const [owner] = this.#ports.names.owners(NAME_PREFIX + key);
    if (instance === undefined || instance.leader !== undefined || owner === undefined || owner.node === LOCAL_NODE) {
      return performRequest(key, instance, body);
    }
    const { text, isAnnotated } = this.#ports.encode(body, 'args');
    const name = JSON.stringify(key);
    const item = (number: number): string => `["supervise_request",${number},${name},${text},${isAnnotated ? 1 : 0}]`;
    try {
      return refFromWire(await this.#ports.request(owner.node, item));
    } catch (thrown) {
      throw requestError(thrown, key, instance.process.id, body.childId);
    }
  }

  /**
   * Handles a request about a child that another node sent. Resolves with the ref of the started child; `null` after a
   * stop. Rejects with MessageRefusedError if only later versions have this request, or as {@link performRequest} does.
   *
   * @throws ProtocolError for a request without a type, or with an invalid field
   */
  receiveRequest(key: string, sent: unknown): Promise<ProcessRef | null> {
    const body = requestFromWire(sent);
    if (body !== undefined) return performRequest(key, this.#instances.get(key), body).then((ref) => ref ?? null);
    const nodeId = this.#ports.nodeId() ?? '';
    return Promise.reject(
      new MessageRefusedError(nodeId, 'its version of noex does not know this request; upgrade it'),
    );
  }

  /** Adapts the instances and hosts to the current owners of these global names, as far as they are of supervisors. */
  namesChanged(names: Iterable<string>): void {
    for (const name of names) if (name.startsWith(NAME_PREFIX)) this.#ownersChanged(name.slice(NAME_PREFIX.length));
  }

  nodeUp(node: string, life: string): void {
    if (this.#cancelJoin !== undefined) this.#joined();
    for (const instance of this.#instances.values()) instance.change((leader) => leader.nodeUp(node, life));
  }

  nodeDown(node: string): void {
    for (const instance of this.#instances.values()) instance.nodeDown(node);
  }

  /** Lets the leaders of this node check which lives have ended for good. */
  lifeEnded(): void {
    for (const instance of this.#instances.values()) instance.change((leader) => leader.livesEnded());
  }

  /** Handles a message of another node. @throws ProtocolError */
  receive(from: { nodeId: string; life: string }, key: string, at: number, sequence: number, sent: unknown): void {
    const { nodeId: node, life } = from;
    const message = fromWire(sent, node);
    if (message !== undefined) this.#deliver(key, { node, life, processId: '', at, sequence }, message);
  }

  /**
   * Hands over before this node leaves its cluster: ends the children that run here, so that they start elsewhere, and
   * lets other instances lead. Supervisors without other instances end all their children.
   */
  async leave(): Promise<void> {
    const instances = [...this.#instances.values()];
    this.#cancelJoin?.();
    this.#cancelJoin = undefined;
    await Promise.all(instances.filter(({ hasStandbys }) => !hasStandbys).map((instance) => instance.leave()));
    this.#isDormant = true;
    await Promise.all(Array.from(this.#hosts.values(), (host) => host.close('handed_over')));
    await Promise.all(instances.map((instance) => instance.leave()));
  }

  /**
   * Lets instances lead after this node has started in a cluster. With seeds, they first wait for the first link, at
   * most {@link JOIN_WAIT_MS}, because the supervisors may already run in the cluster. They do not wait if an instance
   * of this node leads already.
   */
  started(hasSeeds: boolean): void {
    const leads = [...this.#instances.values()].some(({ leader }) => leader !== undefined);
    const mustWait = hasSeeds && !leads && this.#ports.peers().length === 0;
    this.#isDormant ||= mustWait;
    if (mustWait) this.#cancelJoin = this.#ports.after(JOIN_WAIT_MS, () => this.#joined());
    else this.#joined();
  }

  /**
   * Kills all children on this node if it has lost its quorum. Otherwise accepts children again, unless it is dormant.
   */
  quorumChanged(): void {
    const hasQuorum = this.#ports.hasQuorum();
    for (const host of this.#hosts.values()) {
      if (!hasQuorum) void host.close('no_quorum');
      else if (!this.#isDormant) host.reopen();
    }
  }

  #joined(): void {
    this.#cancelJoin?.();
    this.#cancelJoin = undefined;
    if (!this.#isDormant) return;
    this.#isDormant = false;
    if (this.#ports.hasQuorum()) for (const host of this.#hosts.values()) host.reopen();
    for (const instance of this.#instances.values()) instance.resume();
  }

  #ownersChanged(key: string): void {
    this.#instances.get(key)?.ownersChanged();
    const [leader, ...others] = this.#ports.names.owners(NAME_PREFIX + key);
    const host = this.#hosts.get(key) ?? (leader === undefined ? undefined : this.#newHost(key));
    host?.follow(leader, others, leader === undefined && this.#hasEnded(key));
    if (leader === undefined && host?.isEmpty) this.#hosts.delete(key);
  }

  /**
   * Whether a supervisor without a name, whose claim this node does not know now, has ended. Such a supervisor has one
   * instance. It has ended if the life of that instance has ended. It has also ended if that life is this one or that
   * of a connected node, because this node would know the claim. Otherwise, only the link with its node may be lost.
   * Always false for a supervisor with a name.
   */
  #hasEnded(key: string): boolean {
    const [life = ''] = key.startsWith('~') ? key.slice(1).split('/') : [];
    if (life === '') return false;
    const { peers, hasEnded, life: own } = this.#ports;
    return life === own || hasEnded(life) || peers().some((peer) => peer.life === life);
  }

  #newHost(key: string): ChildHost {
    const supervisor = key.startsWith('~') ? key.slice(key.indexOf('/') + 1) : key;
    const { start, emit, nodeId } = this.#ports;
    const ports: HostPorts = {
      ...this.#ports,
      send: (leader, message) => this.#send(leader.node, key, leader, message),
      start: (...child) => start({ key, name: supervisor }, ...child),
      onStarted: (childId, id, from) => {
        if (from !== LOCAL_NODE && from !== nodeId()) {
          emit({ type: 'distributed_child_moved', id, supervisor, childId, from });
        }
      },
      onStopped: (childId, id, why) => emit({ type: 'distributed_child_stopped', id, supervisor, childId, why }),
      onUnused: () => void this.#hosts.delete(key),
    };
    const host = new ChildHost(ports, this.#isDormant || !this.#ports.hasQuorum());
    this.#hosts.set(key, host);
    return host;
  }

  #send(node: string, key: string, term: LeaderClaim, message: SupervisionMessage): void {
    const { at, sequence } = term;
    if (node === LOCAL_NODE) {
      const from = { node, life: this.#ports.life, processId: '', at, sequence };
      queueMicrotask(() => this.#deliver(key, from, message));
      return;
    }
    const { text, isAnnotated } = this.#ports.encode(toWire(message), 'args');
    this.#ports.send(node, `["supervise",${JSON.stringify(key)},${at},${sequence},${text},${isAnnotated ? 1 : 0}]`);
  }

  #deliver(key: string, from: LeaderClaim, message: SupervisionMessage): void {
    if (isLeaderMessage(message)) {
      // Without a host, this node knows no leader of the supervisor. So it does not regard the sender as the leader.
      const host = this.#hosts.get(key);
      if (host !== undefined) host.receive(from, message);
      else if (message.type === 'place') {
        this.#send(from.node, key, from, { type: 'refused', placement: message.placement });
      }
      return;
    }
    const instance = this.#instances.get(key);
    if (isInstanceMessage(message)) instance?.receive(from, message);
    else if (instance?.leads(from.at, from.sequence)) instance.receiveFromHost(from.node, message);
  }
}

/** The key of a supervisor without a name. */
export function keyOfUnnamed({ life, id }: ProcessRef): string {
  return `~${life}/${id}`;
}
