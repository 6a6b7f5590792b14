import type { DownReason, Link, TerminationReason } from '../process/gen-server-types.js';
import { decodeReason, encodeReason } from './failures.js';
import type { Outbox } from './outbox.js';
import type { ChannelEnd, RemotePorts } from './remote-ports.js';

type OnDown = (reason: DownReason, nodeId?: string) => void;

/** A link that the other side has made. */
interface ReceivedLink {
  readonly local: string;
  readonly remote: string;
  /** Ends the watch on the local process. */
  end(): void;
}

/**
 * The monitors and links of one channel. Each has an entry at the end that made it, by number; taking the entry delivers its
 * notice, so that there is one.
 */
export class ChannelWatches {
  readonly #end: ChannelEnd;
  readonly #ports: RemotePorts;
  readonly #outbox: Outbox;
  /** Of processes here on processes there. */
  readonly #monitors = new Map<number, OnDown>();
  readonly #links = new Map<number, OnDown>();
  /** Of processes there on processes here. */
  readonly #watched = new Map<number, () => void>();
  readonly #receivedLinks = new Map<number, ReceivedLink>();
  #lastNumber = 0;

  constructor(end: ChannelEnd, ports: RemotePorts, outbox: Outbox) {
    this.#end = end;
    this.#ports = ports;
    this.#outbox = outbox;
  }

  /** Returns what ends the monitor. */
  monitor(to: string, onDown: OnDown): () => void {
    const number = this.#nextNumber();
    this.#monitors.set(number, onDown);
    this.#add('monitor', number, to);
    return () => {
      if (this.#monitors.delete(number)) this.#add('demonitor', number);
    };
  }

  link(local: string, to: string, onDown: OnDown): { exited(reason: TerminationReason): void; unlink(): void } {
    const number = this.#nextNumber();
    this.#links.set(number, onDown);
    this.#add('link', number, to, local);
    return {
      exited: (reason) => {
        if (this.#links.delete(number)) this.#add('exit', number, 0, encodeReason(reason));
      },
      unlink: () => {
        if (this.#links.delete(number)) this.#add('unlink', number);
      },
    };
  }

  receivedMonitor(number: number, to: string): void {
    const isRefused = this.#isRefused('monitor', to);
    const end = isRefused
      ? undefined
      : this.#ports.local.watch(to, (reason) => {
          this.#watched.delete(number);
          this.#add('down', number, encodeReason(reason));
        });
    if (end === undefined) this.#add('down', number, 'noproc');
    else this.#watched.set(number, end);
  }

  receivedDemonitor(number: number): void {
    this.#watched.get(number)?.();
    this.#watched.delete(number);
  }

  receivedDown(number: number, reason: unknown): void {
    take(this.#monitors, number)?.(decodeReason(reason, this.#end.nodeId));
  }

  receivedLink(number: number, local: string, remote: string): void {
    const end = this.#isRefused('link', local)
      ? undefined
      : this.#ports.local.watchServer(local, (reason) => {
          this.#receivedLinks.delete(number);
          this.#add('exit', number, 1, encodeReason(reason));
        });
    if (end === undefined) this.#add('exit', number, 1, 'noproc');
    else this.#receivedLinks.set(number, { local, remote, end });
  }

  receivedUnlink(number: number): void {
    take(this.#receivedLinks, number)?.end();
  }

  receivedExit(number: number, isOurs: boolean, sent: unknown): void {
    const reason = decodeReason(sent, this.#end.nodeId);
    if (isOurs) take(this.#links, number)?.(reason);
    else this.#signal(number, take(this.#receivedLinks, number), reason);
  }

  /** The channel has ended: nothing is known of the processes there any more. */
  ended(): void {
    const { nodeId } = this.#end;
    for (const end of this.#watched.values()) end();
    this.#watched.clear();
    for (const onDown of takeAll(this.#monitors)) onDown('noconnection');
    for (const onDown of takeAll(this.#links)) onDown('noconnection', nodeId);
    const links = [...this.#receivedLinks];
    this.#receivedLinks.clear();
    for (const [number, link] of links) this.#signal(number, link, 'noconnection');
  }

  #signal(number: number, received: ReceivedLink | undefined, reason: DownReason): void {
    if (received === undefined) return;
    received.end();
    const { nodeId, life } = this.#end;
    const link: Link = Object.freeze({ id: `${nodeId}/${number}` });
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

  #nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }
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
