import { InvalidArgumentError } from '../errors.js';
import { receiveExit } from './exit-signals.js';
import type { DownReason, Link, Monitor, ProcessDown, TerminationReason } from './gen-server-types.js';
import type { Process } from './process.js';
import type { ProcessTable } from './process-table.js';
import type { ProcessRef } from './refs.js';
import type { RemoteProcesses } from './remote-processes.js';

interface MonitorsOptions {
  readonly processes: ProcessTable;
  readonly remote: RemoteProcesses;
}

/**
 * Monitors and links of the processes of this runtime. Each has one entry; taking it delivers its notice, so there is exactly
 * one, in whatever order things happen.
 */
export class Monitors {
  readonly #processes: ProcessTable;
  readonly #remote: RemoteProcesses;
  /** What ends each. */
  readonly #open = new Map<Monitor | Link, () => void>();
  /** Signals to deliver: one may end a process, which sends the next, along a chain of links of any length. */
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
      // Not while the caller's handler runs: it may end the process.
      void Promise.resolve().then(() => signal(process, ref)('noproc'));
    } else if (other !== process) {
      this.#enter(link, [], [process.onExit(signal(other, process.ref)), other.onExit(signal(process, ref))]);
    }
    return link;
  }

  /** Ends a monitor or a link; whether there was one. No notice is delivered any more. */
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

  /** @param owners it ends with these, without a notice */
  #enter(entry: Monitor | Link, owners: readonly Process[], enders: readonly (() => void)[]): void {
    const all = [...enders, ...owners.map((owner) => owner.onExit(() => this.#take(entry)))];
    this.#open.set(entry, () => {
      for (const end of all) end();
    });
  }

  /** @param isEnding whether to end what the entry is made of */
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
