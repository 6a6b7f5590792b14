import type { MessageSender, ProcessKind, SupervisorStrategy, UnstampedEvent } from '../../streams/events.js';
import type { AsyncContext } from '../async-context.js';
import type { Clock } from '../clock.js';
import {
  ForeignRefError,
  InvalidArgumentError,
  NotRegisteredError,
  RuntimeShutdownError,
  ServerNotRunningError,
} from '../errors.js';
import { checkRef } from '../validate.js';
import type { OverloadPolicy } from './bounded-mailbox.js';
import type { GenServerBehavior } from './gen-server-types.js';
import type { ContextActions } from './handler-context.js';
import { Process, type ProcessHost } from './process.js';
import type { DistributedRole, ProcessTexts } from './process-location.js';
import { isRef, type ProcessName, type ProcessRef } from './process-refs.js';
import type { Sampler } from './sampler.js';
import type { Scheduler } from './scheduler.js';
import { UnreportedProcesses } from './unreported-processes.js';

/** The registry as the process table uses it: maps names to process ids. */
export interface Names {
  /** Registers a name for a process. @throws AlreadyRegisteredError */
  claim(name: string, id: string): void;
  /** Frees the name of the process and returns it; `undefined` if it had none. */
  release(id: string): string | undefined;
  nameOf(id: string): string | undefined;
  idOf(name: string): string | undefined;
}

interface SpawnOptions<State, CallMsg, CastMsg, CallReply, Info> {
  readonly kind: ProcessKind;
  readonly behavior: GenServerBehavior<State, CallMsg, CastMsg, CallReply, Info>;
  readonly name?: string | undefined;
  readonly label?: string | undefined;
  /** The restart strategy; for supervisors only. */
  readonly strategy?: SupervisorStrategy;
  /** How long `init` may take, ms. Infinity: no limit. */
  readonly initTimeout: number;
  readonly mailboxLimit: number;
  readonly overload?: OverloadPolicy;
  readonly context?: 'runtime' | 'caller';
  readonly trapExit?: boolean;
  readonly role?: DistributedRole | undefined;
}

/**
 * What a ref resolves to: a process that has not ended; `gone`: this runtime has no such process; `foreign`: a process
 * of another life.
 */
type Resolution = Process | 'gone' | 'foreign';

interface ProcessTableOptions {
  /** The life of the runtime, which is part of every ref. */
  readonly life: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly sampler: Sampler;
  /** How long a handler may block the event loop before a `loop_blocked` event, ms. */
  readonly loopBlockedMs: number;
  readonly names: Names;
  readonly context: AsyncContext;
  emit(event: UnstampedEvent): void;
  onError(error: Error): void;
}

/** All processes of one runtime. */
export class ProcessTable {
  readonly #life: string;
  readonly #processes = new Map<string, Process>();
  /**
   * Ended processes that had no supervisor. A supervisor can still adopt a process that ended right after its start.
   */
  readonly #ended = new WeakMap<ProcessRef, Process>();
  readonly #host: ProcessHost;
  readonly #names: Names;
  readonly #toReport = new UnreportedProcesses();
  /** The roles of the processes that belong to distributed supervisors, by process id. */
  readonly #roles = new Map<string, DistributedRole>();
  #lastId = 0;
  #isClosed = false;
  #onSpawn: ((process: Process) => void) | undefined;

  constructor(options: ProcessTableOptions) {
    const { clock, scheduler, sampler, loopBlockedMs, names, context, emit, onError } = options;
    this.#life = options.life;
    this.#names = names;
    this.#host = {
      clock,
      scheduler,
      sampler,
      loopBlockedMs,
      context,
      current: undefined,
      actions: undefined,
      outside: (code) => this.outside(code),
      emit,
      onError,
      nameOf: (id) => names.nameOf(id),
      roleOf: (id) => this.#roles.get(id),
      dirty: (process) => {
        this.#toReport.add(process);
        scheduler.touch();
      },
      released: (process) => {
        const { id, parent, ref } = process;
        this.#processes.delete(id);
        this.#roles.delete(id);
        if (parent === undefined) this.#ended.set(ref, process);
        const name = names.release(id);
        if (name !== undefined) emit({ type: 'name_unregistered', name, id });
      },
    };
  }

  get size(): number {
    return this.#processes.size;
  }

  get(id: string): Process | undefined {
    return this.#processes.get(id);
  }

  /** Finds out what a ref stands for. The ref may be any value that user code passed. @throws InvalidArgumentError */
  resolve(ref: ProcessRef): Resolution {
    checkRef(ref);
    if (ref.life !== this.#life) return 'foreign';
    return this.#processes.get(ref.id) ?? 'gone';
  }

  /** Returns the process of a ref; `undefined` if it has ended. @throws ForeignRefError, InvalidArgumentError */
  find(ref: ProcessRef): Process | undefined {
    const found = this.resolve(ref);
    if (found === 'foreign') throw new ForeignRefError(ref.id, ref.life, 'local');
    return found === 'gone' ? undefined : found;
  }

  /** Returns the process of a ref. @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError */
  running(ref: ProcessRef): Process {
    const process = this.find(ref);
    if (process === undefined) throw this.#ended.get(ref)?.notRunning() ?? new ServerNotRunningError(ref.id);
    return process;
  }

  /**
   * Returns the process of a ref or a name; `undefined` for a ref of another life.
   *
   * @throws ServerNotRunningError, NotRegisteredError, InvalidArgumentError
   */
  findLocal(target: ProcessRef | ProcessName): Process | undefined {
    const ref = isRef(target) ? target : this.#named(target);
    const found = this.resolve(ref);
    if (typeof found === 'object') return found;
    if (found === 'foreign') return undefined;
    throw this.#ended.get(ref)?.notRunning() ?? new ServerNotRunningError(ref.id);
  }

  /** Returns the ref of the process with this name. @throws NotRegisteredError, InvalidArgumentError */
  #named(target: ProcessName): ProcessRef {
    if (target?.registration !== 'local' || typeof target.name !== 'string') {
      throw new InvalidArgumentError(
        'ref',
        'the ref of a process: { id, life }, or the name(...) of a registry',
        target,
      );
    }
    const id = this.#names.idOf(target.name);
    if (id === undefined) throw new NotRegisteredError(target.name);
    return this.refOf(id);
  }

  /** See {@link ProcessHost.current}. */
  get current(): MessageSender | undefined {
    return this.#host.current;
  }

  /** Sets the operations of handler contexts. Must be called before the first process starts. */
  setActions(actions: ContextActions): void {
    this.#host.actions = actions;
  }

  /** Whether the process is alive in this runtime and has not been asked to stop. @throws InvalidArgumentError */
  isRunning(ref: ProcessRef): boolean {
    const found = this.resolve(ref);
    return found !== 'gone' && found !== 'foreign' && found.running;
  }

  /**
   * Returns the process of a ref. An ended process is found only if it had no supervisor and `ref` is the object that
   * its start returned; otherwise returns `undefined`.
   *
   * @throws ForeignRefError, InvalidArgumentError
   */
  findEvenIfEnded(ref: ProcessRef): Process | undefined {
    return this.find(ref) ?? this.#ended.get(ref);
  }

  /** Returns the ref for a process id of this runtime, even if that process has ended. */
  refOf(id: string): ProcessRef {
    return this.#processes.get(id)?.ref ?? Object.freeze({ id, life: this.#life });
  }

  /** The processes without a supervisor, oldest first. */
  roots(): readonly Process[] {
    return [...this.#processes.values()].filter(({ parent }) => parent === undefined);
  }

  /**
   * Runs `code` as if it were called from outside all processes: messages that it sends have no sender. Event listeners
   * need this: they run on the stack of the handler that caused the event.
   */
  outside(code: () => void): void {
    this.sentBy(undefined, code);
  }

  /** Runs `code` with `sender` as the sender of every message that it sends. */
  sentBy(sender: MessageSender | undefined, code: () => void): void {
    const host = this.#host;
    const { current } = host;
    host.current = sender;
    try {
      code();
    } finally {
      host.current = current;
    }
  }

  /** From now on, every start rejects with RuntimeShutdownError. */
  close(): void {
    this.#isClosed = true;
  }

  /** Creates a ref for a later spawn. A global name can be claimed for its id first. @throws RuntimeShutdownError */
  reserve(): ProcessRef {
    if (this.#isClosed) throw new RuntimeShutdownError();
    this.#lastId += 1;
    return Object.freeze({ id: `p${this.#lastId}`, life: this.#life });
  }

  /**
   * Starts a process, with a {@link reserve}d ref if given. Resolves when its `init` has completed.
   *
   * Rejects with RuntimeShutdownError or AlreadyRegisteredError before the process exists, or with InitializationError.
   */
  async spawn<State, CallMsg, CastMsg, CallReply, Info>(
    options: SpawnOptions<State, CallMsg, CastMsg, CallReply, Info>,
    reserved?: ProcessRef,
  ): Promise<Process> {
    const { name, label, initTimeout, role } = options;
    if (this.#isClosed) throw new RuntimeShutdownError();
    const id = reserved?.id ?? `p${this.#lastId + 1}`;
    if (name !== undefined) this.#names.claim(name, id);
    const ref = reserved ?? this.reserve();
    const process = new Process(this.#host, { ...options, ref });
    this.#processes.set(id, process);
    if (role !== undefined) this.#roles.set(id, role);
    const starting = this.#start(process, initTimeout, { name, label });
    if (starting !== undefined) await starting;
    return process;
  }

  /**
   * Runs `code`, and calls `onSpawn` with each process that is spawned before `code` returns. Processes spawned by the
   * `init` of such a process are not included. Returns the result of `code`.
   */
  watchSpawns<Result>(onSpawn: ((process: Process) => void) | undefined, code: () => Result): Result {
    const outer = this.#onSpawn;
    this.#onSpawn = onSpawn;
    try {
      return code();
    } finally {
      this.#onSpawn = outer;
    }
  }

  /** The callback of the current {@link watchSpawns}, for code that spawns a process later; `undefined` if none. */
  get spawnWatcher(): ((process: Process) => void) | undefined {
    return this.#onSpawn;
  }

  #start(process: Process, initTimeout: number, texts: ProcessTexts): Promise<void> | undefined {
    const onSpawn = this.#onSpawn;
    if (onSpawn === undefined) return process.start(initTimeout, texts);
    onSpawn(process);
    return this.watchSpawns(undefined, () => process.start(initTimeout, texts));
  }

  /** The number of processes with counts to report. */
  get dirtyCount(): number {
    return this.#toReport.size;
  }

  /** Makes at most `most` processes report their counts. Those that have waited longest come first. */
  report(most: number): void {
    this.#toReport.report(most);
  }
}
