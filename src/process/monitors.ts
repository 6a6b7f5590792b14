import { InvalidArgumentError } from '../errors.js';
import { receiveExit } from './exit-signals.js';
import type { DownReason, Link, Monitor, ProcessDown, TerminationReason } from './gen-server-types.js';
import type { Process } from './process.js';
import type { ProcessRef } from './process-refs.js';
import type { ProcessTable } from './process-table.js';
import type { RemoteProcesses } from './remote-processes.js';

interface MonitorsOptions {
  readonly processes: ProcessTable;
  readonly remote: RemoteProcesses;
}

/**
 * The monitors and links of the processes of this runtime. Each monitor or link has one entry in `#open`. Only the code
 * that removes the entry may deliver a notice: the info message of a monitor, or the exit signal of a link. So at most
 * one notice is delivered for each monitor or link, whichever process ends first.
 */
export class Monitors {
  readonly #processes: ProcessTable;
  readonly #remote: RemoteProcesses;
  /** For each open monitor and link, a function that removes its listeners, and ends its part on another node. */
  readonly #open = new Map<Monitor | Link, () => void>();
  /**
   * Exit signals to deliver. Delivering one may end a process and queue the next. The queue replaces recursion, so that
   * a chain of links may have any length.
   */
  readonly #signals: (() => void)[] = [];
  #isDelivering = false;
  #lastId = 0;

  constructor({ processes, remote }: MonitorsOptions) {
    this.#processes = processes;
    this.#remote = remote;
  }

  monitor(watcher: Process, ref: ProcessRef): Monitor {
    const monitor: Monitor = Object.freeze({ id: this.#nextId('m') });
    const down = (reason: DownReason): void => {
      if (!this.#take(monitor)) return;
      const message: ProcessDown = Object.freeze({ type: 'process_down', monitor, ref, reason });
      if (!watcher.gone) watcher.enqueue(message, 'info');
    };
    const target = this.#processes.resolve(ref);
    if (target === 'foreign') this.#enter(monitor, [watcher], [this.#remote.monitor(ref, down)]);
    else if (target === 'gone') {
      this.#enter(monitor, [watcher], []);
      down('noproc');
    } else this.#enter(monitor, [watcher], [target.onExit(down)]);
    return monitor;
  }

  link(process: Process, ref: ProcessRef): Link {
    const link: Link = Object.freeze({ id: this.#nextId('l') });
    const target = this.#processes.resolve(ref);
    const other = typeof target === 'object' ? this.#genServer(target) : undefined;
    const signal = (to: Process, from: ProcessRef) => (reason: DownReason, nodeId?: string) => {
      if (this.#take(link)) this.#deliver(() => receiveExit(to, { link, ref: from, reason, nodeId }));
    };
    if (target === 'foreign') this.#linkRemote(process, ref, link, signal(process, ref));
    else if (other === undefined) {
      this.#enter(link, [], []);
      // Delivered in a microtask: the signal may end the process, whose handler may be running now.
      void Promise.resolve().then(() => signal(process, ref)('noproc'));
    } else if (other !== process) {
      this.#enter(link, [], [process.onExit(signal(other, process.ref)), other.onExit(signal(process, ref))]);
    }
    return link;
  }

  /** Ends a monitor or a link without a notice. Returns whether it was open. */
  end(entry: Monitor | Link): boolean {
    return this.#take(entry);
  }

  #linkRemote(
    process: Process,
    ref: ProcessRef,
    link: Link,
    down: (reason: DownReason, nodeId?: string) => void,
  ): void {
    const remote = this.#remote.link(link, process.id, ref, down);
    const exited = (reason: TerminationReason): void => {
      if (this.#take(link, false)) remote.exited(reason);
    };
    this.#enter(link, [], [process.onExit(exited), () => remote.unlink()]);
  }

  /**
   * Stores an open monitor or link.
   *
   * @param owners when one of them ends, the entry is removed without a notice
   * @param enders functions that remove the listeners of the entry, or end its part on another node
   */
  #enter(entry: Monitor | Link, owners: readonly Process[], enders: readonly (() => void)[]): void {
    const all = [...enders, ...owners.map((owner) => owner.onExit(() => this.#take(entry)))];
    this.#open.set(entry, () => {
      for (const end of all) end();
    });
  }

  /**
   * Removes an entry. Returns whether it was open.
   *
   * @param isEnding whether to call the functions that were stored with the entry
   */
  #take(entry: Monitor | Link, isEnding = true): boolean {
    const end = this.#open.get(entry);
    this.#open.delete(entry);
    if (isEnding) end?.();
    return end !== undefined;
  }

  #deliver(signal: () => void): void {
    this.#signals.push(signal);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    for (let next = this.#signals.shift(); next !== undefined; next = this.#signals.shift()) next();
    this.#isDelivering = false;
  }

  #genServer(process: Process): Process {
    if (process.kind === 'genserver') return process;
    throw new InvalidArgumentError('ref', 'the ref of a GenServer: a supervisor has its own links', process.kind);
  }

  #nextId(prefix: string): string {
    this.#lastId += 1;
    return `${prefix}${this.#lastId}`;
  }
}
