import type { ChildDown, SupervisorStrategy, UnstampedEvent } from '../../streams/events.js';
import type { Clock } from '../clock.js';
import { type MaxRestartsExceededError, ServerNotRunningError } from '../errors.js';
import type { Process } from '../process/process.js';
import type { ProcessTable } from '../process/process-table.js';
import { shutDown, shutdownLimit } from './child-shutdown.js';
import type { AutoShutdown } from './child-spec.js';
import { ChildStart } from './child-start.js';
import { type Child, ChildTable } from './child-table.js';
import { type RestartIntensity, RestartWindow, restartDelayMs } from './intensity.js';

export interface ChildLifecycleOptions {
  readonly strategy: SupervisorStrategy;
  readonly restartIntensity: RestartIntensity;
  readonly autoShutdown: AutoShutdown;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  emit(event: UnstampedEvent): void;
  onError(error: Error): void;
}

/** Starts, adopts and stops the children of one supervisor, and counts their restarts. */
export class ChildLifecycle {
  readonly #options: ChildLifecycleOptions;
  readonly children = new ChildTable();
  readonly start: ChildStart;
  readonly #restarts: RestartWindow;
  #self: Process | undefined;
  /** The error with which the supervisor gave up; `undefined` if it did not. */
  gaveUp: MaxRestartsExceededError | undefined;

  constructor(options: ChildLifecycleOptions) {
    this.#options = options;
    this.start = new ChildStart(options);
    this.#restarts = new RestartWindow(options.restartIntensity);
  }

  /** Sets the process of the supervisor. Must be called at the beginning of `init`. */
  begin(self: Process): void {
    this.#self = self;
    self.onEnding(() => this.start.abandon());
  }

  /** The process of the supervisor. */
  get self(): Process {
    if (this.#self === undefined) throw new Error('a supervisor acts only after its init has begun');
    return this.#self;
  }

  /** Counts a restart. Returns whether the restart intensity still allows it. */
  countRestart(): boolean {
    return this.#restarts.record(this.#options.clock.monotonic());
  }

  /** How long to wait before the restart that `countRestart` counted last, ms. */
  get restartDelayMs(): number {
    const { clock, restartIntensity } = this.#options;
    return restartDelayMs(this.#restarts.countAt(clock.monotonic()), restartIntensity.backoff);
  }

  /** The current time, ms of the monotonic clock. */
  get now(): number {
    return this.#options.clock.monotonic();
  }

  /** Emits `child_down`. `next` is what the supervisor does next with the child. */
  emitDown(child: Child, next: ChildDown['next']): void {
    const { emit, clock, restartIntensity } = this.#options;
    const { maxRestarts, withinMs } = restartIntensity;
    const restarts = this.#restarts.countAt(clock.monotonic());
    const restart = child.spec.restart ?? 'permanent';
    const supervisorId = this.self.id;
    const { id: childId, lastId: oldId } = child;
    emit({ type: 'child_down', supervisorId, childId, oldId, next, restart, restarts, maxRestarts, withinMs });
  }

  /**
   * Starts a child and adopts its process. Resolves with that process.
   *
   * Rejects with what `start` threw, or with ServerNotRunningError when the supervisor is stopping or has ended.
   * Rejects with InvalidChildSpecError or ForeignRefError when `start` did not resolve with a usable ref.
   */
  async launch(child: Child): Promise<Process> {
    const self = this.self;
    if (!self.running) throw this.notRunning();
    const ref = await this.start.run(child, self);
    // There must be no `await` between these checks and the adoption: during an `await`, this supervisor could be
    // killed, or another supervisor could adopt the process.
    const process = this.start.adoptable(child, ref, self);
    if (self.gone) {
      process.kill();
      throw this.notRunning();
    }
    // If the process has already ended, `adopt` queues its exit as a message of this supervisor.
    self.adopt(process, child.id, shutdownLimit(process, child.spec));
    this.children.setRunning(child, process);
    this.#options.emit({ type: 'child_started', supervisorId: self.id, childId: child.id, id: process.id });
    return process;
  }

  /**
   * Marks the child as down, and stops its process if it runs. Resolves when the process has ended. `pending` says what
   * will start the child again; `undefined`: nothing.
   */
  async stop(child: Child, pending: Child['pending']): Promise<void> {
    const { process } = child;
    this.children.setDown(child, pending);
    if (process === undefined) return;
    await shutDown(process, shutdownLimit(process, child.spec));
    // Only a crash is reported. The child crashed while it was being stopped, or crashed before and its exit message is
    // still queued.
    if (typeof process.exitReason !== 'object') return;
    this.emitDown(child, pending === 'group' && child.spec.restart !== 'temporary' ? 'restart' : 'stopped');
  }

  /**
   * Stops all children: one after another in reverse start order, or all at once if a template started them, because
   * children of a template do not depend on each other.
   */
  async stopAll(): Promise<void> {
    const children = [...this.children].toReversed();
    // The child whose start was abandoned stops first, because it was started last.
    const unfinishedGone = this.start.unfinishedGone();
    if (this.#options.strategy === 'simple_one_for_one') {
      await Promise.all([unfinishedGone, ...children.map((child) => this.stop(child, undefined))]);
      return;
    }
    await unfinishedGone;
    for (const child of children) await this.stop(child, undefined);
  }

  /** Removes a child that is down from the table if it is temporary or from a template. Others can be restarted. */
  forgetIfDone(child: Child): void {
    const isForgotten = child.spec.restart === 'temporary' || this.#options.strategy === 'simple_one_for_one';
    if (isForgotten) this.children.remove(child);
  }

  /** Whether the end of a significant child, which is already marked as down, makes the supervisor shut down. */
  shouldShutDown(): boolean {
    const { autoShutdown } = this.#options;
    return (
      autoShutdown === 'any_significant' || (autoShutdown === 'all_significant' && this.children.significantCount === 0)
    );
  }

  /** The error for a request to a supervisor that is stopping or has ended. */
  notRunning(): ServerNotRunningError {
    const { id, registeredName } = this.self;
    return new ServerNotRunningError(id, { registeredName, ...(this.gaveUp && { cause: this.gaveUp }) });
  }
}
