import { ProtocolError } from '../errors.js';
import type { DownReason, Link, TerminationReason } from '../process/gen-server-types.js';
import { runInMicrotask } from './cancellable-microtask.js';
import { decodeReason, encodeReason } from './encode-failure.js';
import type { Outbox } from './outbox.js';
import type { ChannelEnd, ChannelPorts } from './remote-ports.js';

type OnDown = (reason: DownReason, nodeId?: string) => void;

/** A monitor or link that this node created. */
interface Watch {
  /** The id of the process on the other node. */
  readonly to: string;
  readonly onDown: OnDown;
}

/** How many ended processes of one node are remembered. The oldest entry is forgotten first. */
const MAX_ENDED = 10_000;

/** A link that the other node created. */
interface ReceivedLink {
  readonly local: string;
  readonly remote: string;
  /** Stops watching the local process. */
  end(): void;
}

/**
 * The monitors and links of one channel. Each has an entry on both nodes, under a number that its creator assigned.
 * Only the code that removes an entry delivers a notice, so an entry causes at most one notice.
 */
export class ChannelWatches {
  readonly #end: ChannelEnd;
  readonly #ports: ChannelPorts;
  readonly #outbox: Outbox;
  /** Monitors that local processes have on processes of the other node. */
  readonly #monitors = new Map<number, Watch>();
  /** Links that local processes created with processes of the other node. */
  readonly #links = new Map<number, Watch>();
  /** Processes of the other node that are known to have ended. */
  readonly #ended = new Set<string>();
  /** Monitors that the other node has on local processes: for each number, a function that removes the listener. */
  readonly #watched = new Map<number, () => void>();
  /** Links that the other node created with local processes. */
  readonly #receivedLinks = new Map<number, ReceivedLink>();

  constructor(end: ChannelEnd, ports: ChannelPorts, outbox: Outbox) {
    this.#end = end;
    this.#ports = ports;
    this.#outbox = outbox;
  }

  /** Monitors a process of the other node. Never calls `onDown` at once. Returns a function that ends the monitor. */
  monitor(to: string, onDown: OnDown): () => void {
    const number = this.#ports.nextNumber();
    this.#add('monitor', number, to);
    if (!this.#end.isOpen) return runInMicrotask(() => onDown('noconnection'));
    this.#monitors.set(number, { to, onDown });
    return () => {
      if (this.#monitors.delete(number)) this.#add('demonitor', number);
    };
  }

  link(local: string, to: string, onDown: OnDown): { exited(reason: TerminationReason): void; unlink(): void } {
    const number = this.#ports.nextNumber();
    this.#add('link', number, to, local);
    if (!this.#end.isOpen) {
      const cancel = runInMicrotask(() => onDown('noconnection', this.#end.nodeId));
      return { exited: cancel, unlink: cancel };
    }
    this.#links.set(number, { to, onDown });
    return {
      exited: (reason) => {
        if (this.#links.delete(number)) this.#add('exit', number, 0, encodeReason(reason));
      },
      unlink: () => {
        if (this.#links.delete(number)) this.#add('unlink', number);
      },
    };
  }

  /** Whether the process of the other node is known to have ended. */
  hasEnded(id: string): boolean {
    return this.#ended.has(id);
  }

  /** Monitors a local process for the other node. @throws ProtocolError for a monitor number that is in use */
  receivedMonitor(number: number, to: string): void {
    checkUnused(this.#watched, number);
    const isRefused = this.#isRefused('monitor', to);
    const end = isRefused
      ? undefined
      : this.#ports.local.watch(to, (reason) => {
          this.#watched.delete(number);
          this.#add('down', number, encodeReason(reason));
        });
    if (end === undefined) this.#add('down', number, 'noproc', isRefused ? 1 : 0);
    else this.#watched.set(number, end);
  }

  receivedDemonitor(number: number): void {
    this.#watched.get(number)?.();
    this.#watched.delete(number);
  }

  receivedDown(number: number, reason: unknown, isRefused: boolean): void {
    this.#notify(take(this.#monitors, number), decodeReason(reason, this.#end.nodeId), isRefused);
  }

  /** Links a local process with one of the other node. @throws ProtocolError for a link number that is in use */
  receivedLink(number: number, local: string, remote: string): void {
    checkUnused(this.#receivedLinks, number);
    const isRefused = this.#isRefused('link', local);
    const end = isRefused
      ? undefined
      : this.#ports.local.watchServer(local, (reason) => {
          this.#receivedLinks.delete(number);
          this.#add('exit', number, 1, encodeReason(reason));
        });
    if (end === undefined) this.#add('exit', number, 1, 'noproc', isRefused ? 1 : 0);
    else this.#receivedLinks.set(number, { local, remote, end });
  }

  receivedUnlink(number: number): void {
    take(this.#receivedLinks, number)?.end();
  }

  receivedExit(number: number, isOurs: boolean, sent: unknown, isRefused: boolean): void {
    const reason = decodeReason(sent, this.#end.nodeId);
    if (isOurs) this.#notify(take(this.#links, number), reason, isRefused);
    else this.#signal(number, take(this.#receivedLinks, number), reason);
  }

  /** Ends all monitors and links of the channel, which has ended. Local processes get the reason `noconnection`. */
  ended(): void {
    const { nodeId } = this.#end;
    for (const end of this.#watched.values()) end();
    this.#watched.clear();
    for (const { onDown } of takeAll(this.#monitors)) onDown('noconnection');
    for (const { onDown } of takeAll(this.#links)) onDown('noconnection', nodeId);
    const links = [...this.#receivedLinks];
    this.#receivedLinks.clear();
    for (const [number, link] of links) this.#signal(number, link, 'noconnection');
  }

  /**
   * Delivers the notice of a monitor or link of this node, after the other node reported that the process has ended, or
   * refused the monitor or link.
   */
  #notify(watch: Watch | undefined, reason: DownReason, isRefused: boolean): void {
    if (watch === undefined) return;
    if (!isRefused) this.#ended.add(watch.to);
    if (this.#ended.size > MAX_ENDED) this.#ended.delete(this.#ended.values().next().value ?? '');
    watch.onDown(reason);
  }

  #signal(number: number, received: ReceivedLink | undefined, reason: DownReason): void {
    if (received === undefined) return;
    received.end();
    const { nodeId, life } = this.#end;
    const link: Link = Object.freeze({ id: `${life}/${number}` });
    const ref = Object.freeze({ id: received.remote, life });
    this.#ports.local.receiveExit(received.local, { link, ref, reason, nodeId });
  }

  #isRefused(kind: 'monitor' | 'link', id: string): boolean {
    const { nodeId: from } = this.#end;
    return this.#ports.refusal({ from, to: { id, name: this.#ports.local.nameOf(id) }, kind }) !== undefined;
  }

  #add(...item: readonly unknown[]): void {
    if (this.#end.isOpen) this.#outbox.add(JSON.stringify(item));
  }
}

function checkUnused(entries: ReadonlyMap<number, unknown>, number: number): void {
  if (entries.has(number)) throw new ProtocolError('malformed', 'a request number that is already in use');
}

function take<Value>(entries: Map<number, Value>, number: number): Value | undefined {
  const value = entries.get(number);
  entries.delete(number);
  return value;
}

function takeAll<Value>(entries: Map<number, Value>): readonly Value[] {
  const values = [...entries.values()];
  entries.clear();
  return values;
}
