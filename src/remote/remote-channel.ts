import { asError, ProtocolError } from '../errors.js';
import type { TerminationReason } from '../process/gen-server-types.js';
import type { ProcessRef } from '../process/process-refs.js';
import { type Flag, isClaimItem, isQuorumItem, type ReceivedItem, readItem } from './channel-items.js';
import { ChannelMessenger } from './channel-messenger.js';
import { ChannelRegistrations } from './channel-registrations.js';
import { ChannelStarts } from './channel-starts.js';
import { ChannelWatches } from './channel-watches.js';
import { decodeReason, encodeReason } from './encode-failure.js';
import type { OnConflict } from './names/global-names-ports.js';
import type { Outbox } from './outbox.js';
import type { ChannelEnd, ChannelPorts, RemotePorts } from './remote-ports.js';
import type { SharedItem, SharedTables } from './shared-tables.js';

type SuperviseItem = Extract<ReceivedItem, readonly ['supervise' | 'supervise_request', ...unknown[]]>;

interface ChannelTables extends Pick<SharedTables, 'globalNames' | 'groups' | 'quorum'> {
  /** A function, because the distributed supervisors are created after the channels. */
  supervision(): SupervisionPort;
}

/** The distributed supervisors of this node, as the channels use them. */
export interface SupervisionPort {
  nodeUp(nodeId: string, life: string): void;
  nodeDown(nodeId: string): void;
  /** A node has left the cluster, so its life has ended. Must let its lost children start elsewhere at once. */
  lifeEnded(): void;
  /** Handles a message of another node. @throws ProtocolError */
  receive(from: ChannelEnd, supervisor: string, at: number, sequence: number, body: unknown): void;
  /** Handles a request of another node. Resolves with the ref of the child, or `null`. @throws ProtocolError */
  receiveRequest(supervisor: string, body: unknown): Promise<ProcessRef | null>;
}

/** The channel with one node, from its opening to its end: dispatches received items and keeps the open requests. */
export class RemoteChannel implements ChannelEnd {
  readonly nodeId: string;
  readonly life: string;
  readonly messenger: ChannelMessenger;
  readonly watches: ChannelWatches;
  readonly starts: ChannelStarts;
  readonly names: ChannelRegistrations;
  readonly #ports: RemotePorts;
  readonly #outbox: Outbox;
  readonly #shared: ChannelTables;
  #isOpen = true;

  constructor(
    peer: { readonly id: string; readonly life: string },
    ports: ChannelPorts,
    outbox: Outbox,
    shared: ChannelTables,
  ) {
    this.nodeId = peer.id;
    this.life = peer.life;
    this.#ports = ports;
    this.#outbox = outbox;
    this.messenger = new ChannelMessenger(this, ports, outbox);
    this.watches = new ChannelWatches(this, ports, outbox);
    this.starts = new ChannelStarts(this, ports, outbox, this.messenger);
    this.names = new ChannelRegistrations(this, ports, this.messenger, shared.globalNames);
    this.#shared = shared;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Stops a process of the other node. Resolves when it has ended. Rejects with LinkOverloadedError, with
   * MessageRefusedError, or with NodeNotConnectedError if the channel ends first.
   */
  async stop(to: string, reason: TerminationReason, timeoutMs: number): Promise<void> {
    const ms = timeoutMs === Number.POSITIVE_INFINITY ? null : timeoutMs;
    await this.messenger.request((number) => JSON.stringify(['stop', number, to, encodeReason(reason), ms]));
  }

  /** Sends a shared item, regardless of the outbox limit, because all nodes must receive it. */
  sendShared(item: SharedItem): void {
    if (this.#isOpen) this.#outbox.add(JSON.stringify(item));
  }

  /** Sends an item regardless of the outbox limit. */
  sendText(item: string): void {
    if (this.#isOpen) this.#outbox.add(item);
  }

  kill(to: string): void {
    this.#outbox.add(JSON.stringify(['kill', to]));
  }

  /** Handles the items of one frame. @throws ProtocolError for an item that no version of noex sends */
  receive(items: readonly unknown[]): void {
    for (const item of items) {
      // An earlier item may have ended the channel.
      if (!this.#isOpen) return;
      const read = readItem(item);
      if (read === 'malformed') throw new ProtocolError('malformed', 'an invalid item');
      // Items of unknown kinds are ignored: later versions may send them.
      if (read === 'unknown') continue;
      if (isClaimItem(read)) this.#shared.globalNames.receive(this.nodeId, read);
      else if (isQuorumItem(read)) this.#shared.quorum.receive(this.nodeId, read);
      else if (read[0] === 'member') this.#shared.groups.receive(this.nodeId, read);
      else if (read[0] === 'supervise' || read[0] === 'supervise_request') this.#supervise(read);
      else this.#handle(read);
    }
  }

  /** Ends the channel: drops its unsent items, and settles everything that waits for the other node. */
  end(): void {
    this.#isOpen = false;
    this.#outbox.close();
    this.messenger.ended();
    this.watches.ended();
    this.starts.ended();
  }

  #handle(item: Exclude<ReceivedItem, SharedItem | SuperviseItem>): void {
    const { messenger, watches, starts, names } = this;
    switch (item[0]) {
      case 'cast':
      case 'info':
        messenger.received(item[0], item[1], item[2], item[3], item[4]);
        break;
      case 'call':
        messenger.receivedCall(item[1], item[2], item[3], item[4], item[5], item[6]);
        break;
      case 'reply':
        messenger.receivedReply(item[1], item[2], item[3]);
        break;
      case 'fail':
        messenger.receivedFailure(item[1], item[2]);
        break;
      case 'monitor':
        watches.receivedMonitor(item[1], item[2]);
        break;
      case 'demonitor':
        watches.receivedDemonitor(item[1]);
        break;
      case 'down':
        watches.receivedDown(item[1], item[2], item[3] === 1);
        break;
      case 'link':
        watches.receivedLink(item[1], item[2], item[3]);
        break;
      case 'unlink':
        watches.receivedUnlink(item[1]);
        break;
      case 'exit':
        watches.receivedExit(item[1], item[2] === 1, item[3], item[4] === 1);
        break;
      case 'stop':
        this.#stop(item[1], item[2], item[3], item[4]);
        break;
      case 'kill':
        if (this.#refusal('kill', item[1]) === undefined) this.#ports.local.kill(item[1]);
        break;
      case 'start':
        starts.receivedStart(item[1], item[2], item[3], item[4], item[5]);
        break;
      case 'started':
        starts.receivedStarted(item[1]);
        break;
      case 'abort':
        starts.receivedAbort(item[1]);
        break;
      case 'register':
        names.receivedRegister(item[1], item[2], item[3], item[4] as OnConflict);
        break;
      case 'unregister':
        names.receivedUnregister(item[1], item[2]);
    }
  }

  #stop(number: number, id: string, sent: unknown, timeoutMs: number | null): void {
    const caller = this.messenger.caller(number);
    const refusal = this.#refusal('stop', id);
    if (refusal !== undefined) {
      this.messenger.refuse(number, refusal);
      return;
    }
    const reason = decodeReason(sent, this.nodeId);
    const isTermination = reason !== 'noproc' && reason !== 'noconnection';
    const stopped = this.#ports.local.stop(
      id,
      isTermination ? reason : 'normal',
      timeoutMs ?? Number.POSITIVE_INFINITY,
    );
    stopped.then(
      () => caller.reply(null),
      (thrown) => caller.fail(asError(thrown)),
    );
  }

  #supervise(item: SuperviseItem): void {
    const supervision = this.#shared.supervision();
    if (item[0] === 'supervise') {
      supervision.receive(this, item[1], item[2], item[3], this.#decode(item[4], item[5]));
      return;
    }
    const caller = this.messenger.caller(item[1]);
    supervision.receiveRequest(item[2], this.#decode(item[3], item[4])).then(
      (ref) => caller.reply(ref),
      (thrown) => caller.fail(asError(thrown)),
    );
  }

  #decode(body: unknown, annotated: Flag): unknown {
    return annotated === 1 ? this.#ports.bodies.decodeAnnotated(body) : body;
  }

  #refusal(kind: 'stop' | 'kill', id: string): string | undefined {
    return this.#ports.refusal({ from: this.nodeId, to: { id, name: this.#ports.local.nameOf(id) }, kind });
  }
}
