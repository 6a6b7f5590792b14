import type { UnstampedEvent } from '../../streams/events.js';
import type { ChannelPeer, Channels } from '../cluster/channels.js';
import type { MembershipView } from '../cluster/engine.js';
import {
  asError,
  ClusterNotStartedError,
  ForeignRefError,
  InvalidArgumentError,
  NodeNotConnectedError,
  NodeNotFoundError,
  ServerNotRunningError,
} from '../errors.js';
import type { ProcessRef } from '../process/process-refs.js';
import type { RemoteProcesses } from '../process/remote-processes.js';
import { checkRef, MAX_SENT_NAME } from '../validate.js';
import { runInMicrotask } from './cancellable-microtask.js';
import { notKnownThere } from './channel-messenger.js';
import type { GroupPorts, ProcessGroups } from './groups/process-groups.js';
import type { GlobalNames } from './names/global-names.js';
import { createGlobalRegistry, type GlobalRegistryApi } from './names/global-registry.js';
import { Outbox } from './outbox.js';
import type { Quorum } from './quorum.js';
import { RemoteChannel, type SupervisionPort } from './remote-channel.js';
import type { ChannelPorts, RemotePorts } from './remote-ports.js';
import { RuntimeLives } from './runtime-lives.js';
import { createSharedTables, type SharedItem } from './shared-tables.js';
import { startOnOwnNode } from './start-on-own-node.js';

interface RemoteProcessesOptions extends RemotePorts, Pick<GroupPorts, 'call' | 'cast' | 'running' | 'random'> {
  /** The life of this runtime. */
  readonly life: string;
  /** The current time, ms since the epoch. */
  wallClock(): number;
  /** How long the registration of a global name may wait for the answers of all nodes, ms. */
  claimTimeoutMs(): number;
  /** Emits an event of this runtime. */
  emit(event: UnstampedEvent): void;
  readonly channels: Channels;
  readonly membership: MembershipView;
  /** The distributed supervisors of this node. A function, because they are created later. */
  supervision(): SupervisionPort;
  /** Must call {@link RemoteMessaging.flush} at the end of this turn. */
  requestFlush(): void;
  /**
   * Receives the protocol errors of other nodes, whose links are then closed. Also receives the errors of global names
   * and of the quorum, such as QuorumLostError.
   */
  onError(error: Error): void;
}

/** The connected nodes, and items of the runtime itself for these nodes. */
interface NodeRequests {
  /** The nodes with a channel. */
  peers(): readonly ChannelPeer[];
  /** Whether the node with this life has left, or is linked with a newer life. False for an unknown life. */
  hasEnded(life: string): boolean;
  /** Sends an item, which is JSON text, if there is a channel with the node. */
  send(nodeId: string, item: string): void;
  /**
   * Sends an item that contains a new number, and resolves with the answer. Rejects with the error of the other node,
   * NodeNotConnectedError or LinkOverloadedError.
   */
  request(nodeId: string, itemWith: (number: number) => string): Promise<unknown>;
}

export interface RemoteMessaging {
  readonly processes: RemoteProcesses;
  readonly globalRegistry: GlobalRegistryApi;
  readonly groups: ProcessGroups;
  readonly globalNames: GlobalNames;
  readonly quorum: Quorum;
  readonly nodes: NodeRequests;
  /** Sends the items collected since the last call. */
  flush(): void;
}

/**
 * Creates the operations on processes of other nodes, over the channels with these nodes. Also handles the items that
 * other nodes send.
 */
export function createRemoteProcesses(options: RemoteProcessesOptions): RemoteMessaging {
  const { channels, membership, requestFlush, onError, supervision } = options;
  const lives = new RuntimeLives<string>();
  let lastNumber = 0;
  const ports: ChannelPorts = {
    ...options,
    nextNumber() {
      lastNumber += 1;
      return lastNumber;
    },
  };
  /** Channels by node id. A link opens and closes only the channel under its own node id. */
  const byNode = new Map<string, RemoteChannel>();
  /**
   * Channels by life. A runtime may be linked under a second node id before the loss of its first link is noticed. Then
   * there are two channels with that runtime. The first one is used until it ends.
   */
  const open = new Map<string, RemoteChannel>();
  /** The outboxes with unsent items of this turn. */
  let waiting: Outbox[] = [];

  const send = (item: SharedItem, to?: string): void => {
    if (to !== undefined) byNode.get(to)?.sendShared(item);
    else for (const channel of byNode.values()) channel.sendShared(item);
  };
  const tables = createSharedTables({ ...options, send });
  const { globalNames, groups, quorum } = tables;

  const up = (peer: ChannelPeer): void => {
    const { id, life } = peer;
    const outbox = new Outbox({
      nodeId: id,
      send: (items) => channels.sendEncoded(id, items),
      unsent: () => channels.unsent(id),
      requestFlush: (box) => {
        waiting.push(box);
        requestFlush();
      },
    });
    const channel = new RemoteChannel(peer, ports, outbox, { ...tables, supervision });
    lives.linked(id, life);
    byNode.set(id, channel);
    if (!open.has(life)) open.set(life, channel);
    tables.up(id, life);
    supervision().nodeUp(id, life);
  };
  channels.onUp(up);
  channels.onDown(({ id, life }) => {
    const channel = byNode.get(id);
    byNode.delete(id);
    lives.lost(id);
    if (channel !== undefined && open.get(life) === channel) {
      open.delete(life);
      const other = [...byNode.values()].find((each) => each.life === life);
      if (other !== undefined) {
        open.set(life, other);
        lives.linked(other.nodeId, life);
      }
    }
    channel?.end();
    tables.down(id, life);
    supervision().nodeDown(id);
  });
  channels.onItems(({ id }, items) => {
    try {
      byNode.get(id)?.receive(items);
    } catch (thrown) {
      onError(asError(thrown));
      channels.end(id);
    }
  });
  membership.onChange(({ type, id }) => {
    // When this node itself leaves, every other node is reported as `left`, but their processes keep running.
    if (type !== 'left' || membership.local() === undefined) return;
    lives.left(id);
    supervision().lifeEnded();
  });

  // Throws ServerNotRunningError, MessageRefusedError, NodeNotConnectedError, ForeignRefError or InvalidArgumentError.
  const channelOf = ({ id, life }: ProcessRef): RemoteChannel => {
    if (id.length > MAX_SENT_NAME) throw new InvalidArgumentError('ref.id', `at most ${MAX_SENT_NAME} characters`, id);
    const channel = open.get(life);
    if (channel !== undefined) return channel;
    const known = lives.get(life);
    if (known?.state === 'ended') throw new ServerNotRunningError(id);
    if (known !== undefined) throw new NodeNotConnectedError(known.nodeId);
    const older = channels.withoutChannel(life);
    throw older === undefined ? new ForeignRefError(id, life) : notKnownThere(older);
  };

  // `noproc`: that life has ended. `noconnection`: its node may return. `undefined`: there is a channel.
  // Throws ForeignRefError, MessageRefusedError or InvalidArgumentError.
  const downAlready = (ref: ProcessRef): 'noproc' | 'noconnection' | undefined => {
    if (open.has(ref.life)) return undefined;
    const state = lives.get(ref.life)?.state;
    if (state === undefined) channelOf(ref);
    return state === 'ended' ? 'noproc' : 'noconnection';
  };

  const globalRegistry = createGlobalRegistry({
    names: globalNames,
    async register(name, ref, onConflict) {
      checkRef(ref);
      if (ref.life === options.life) await globalNames.register(name, ref.id, onConflict);
      else await channelOf(ref).names.register(name, ref.id, onConflict);
    },
    async unregister(name) {
      const owner = globalNames.owner(name);
      if (owner?.nodeId === undefined) globalNames.release(name);
      else await byNode.get(owner.nodeId)?.names.unregister(name);
    },
  });

  const processes: RemoteProcesses = {
    globalNames,
    send: (kind, ref, message, sender) => channelOf(ref).messenger.send(kind, ref.id, message, sender),
    call: (ref, message, sender, call, timeoutMs) =>
      channelOf(ref).messenger.call(ref.id, message, sender, call, timeoutMs),
    withdraw: ({ life }, call) => open.get(life)?.messenger.withdraw(call) ?? false,
    check(ref, message) {
      if (lives.get(ref.life)?.state === 'lost') return;
      channelOf(ref);
      ports.bodies.encode(message, 'message');
    },
    monitor(ref, onDown) {
      const reason = downAlready(ref);
      if (reason === undefined) return channelOf(ref).watches.monitor(ref.id, onDown);
      return runInMicrotask(() => onDown(reason));
    },
    link(_link, local, ref, onDown) {
      const reason = downAlready(ref);
      if (reason === undefined) return channelOf(ref).watches.link(local, ref.id, onDown);
      const end = runInMicrotask(() => onDown(reason, lives.get(ref.life)?.nodeId));
      return { exited: end, unlink: end };
    },
    async stop(ref, reason, timeoutMs) {
      if (downAlready(ref) === 'noproc') return;
      await channelOf(ref).stop(ref.id, reason, timeoutMs);
    },
    kill(ref) {
      if (downAlready(ref) !== 'noproc') channelOf(ref).kill(ref.id);
    },
    async start(nodeId, behavior, args, startOptions) {
      const local = membership.local()?.id;
      if (nodeId === local) return startOnOwnNode(ports, nodeId, behavior, args, startOptions);
      const channel = byNode.get(nodeId);
      if (channel !== undefined) return channel.starts.start(behavior, args, startOptions);
      if (local === undefined) throw new ClusterNotStartedError();
      const member = membership.members().find(({ id }) => id === nodeId);
      if (member === undefined) throw new NodeNotFoundError(nodeId);
      throw member.status === 'connected' ? notKnownThere(nodeId) : new NodeNotConnectedError(nodeId);
    },
    isRunning: ({ id, life }) => open.get(life)?.watches.hasEnded(id) === false,
    nodeOf(ref) {
      const known = lives.get(ref.life)?.nodeId ?? channels.withoutChannel(ref.life);
      if (known === undefined) throw new ForeignRefError(ref.id, ref.life);
      return known;
    },
  };

  const flush = (): void => {
    const outboxes = waiting;
    waiting = [];
    for (const outbox of outboxes) outbox.flush();
  };
  const nodes = nodeRequests(channels, byNode, lives);
  return { processes, globalRegistry, groups, globalNames, quorum, nodes, flush };
}

function nodeRequests(
  channels: Channels,
  byNode: ReadonlyMap<string, RemoteChannel>,
  lives: RuntimeLives<string>,
): NodeRequests {
  return {
    peers: () => channels.peers(),
    hasEnded: (life) => lives.get(life)?.state === 'ended',
    send: (nodeId, item) => byNode.get(nodeId)?.sendText(item),
    async request(nodeId, itemWith) {
      const channel = byNode.get(nodeId);
      if (channel === undefined) throw new NodeNotConnectedError(nodeId);
      return channel.messenger.request(itemWith);
    },
  };
}
