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

/** The children of one supervisor: starts them as its children, stops them, and counts their restarts. */
export class ChildLifecycle {
  readonly #options: ChildLifecycleOptions;
  readonly children = new ChildTable();
  readonly start: ChildStart;
  readonly #restarts: RestartWindow;
  #self: Process | undefined;
  /** Why the supervisor gave up, if it did. */
  gaveUp: MaxRestartsExceededError | undefined;

  constructor(options: ChildLifecycleOptions) {
    this.#options = options;
    this.start = new ChildStart(options);
    this.#restarts = new RestartWindow(options.restartIntensity);
  }

  /** `self` is the process of the supervisor. */
  begin(self: Process): void {
    this.#self = self;
    self.onEnding(() => this.start.abandon());
  }

  /** The process of the supervisor. */
  get self(): Process {
    if (this.#self === undefined) throw new Error('a supervisor acts only after its init has begun');
    return this.#self;
  }

  /** Counts a restart; returns whether the restart intensity tolerates it. */
  countRestart(): boolean {
    return this.#restarts.record(this.#options.clock.monotonic());
  }

  /** How long to wait before the restart that was counted last, ms. */
  get restartDelayMs(): number {
    const { clock, restartIntensity } = this.#options;
    return restartDelayMs(this.#restarts.countAt(clock.monotonic()), restartIntensity.backoff);
  }

  /** ms of the monotonic clock */
  get now(): number {
    return this.#options.clock.monotonic();
  }

  /** Emits `child_down`; `next` is what the supervisor does about it. */
  emitDown(child: Child, next: ChildDown['next']): void {
    const { emit, clock, restartIntensity } = this.#options;
    const { maxRestarts, withinMs } = restartIntensity;
    const restarts = this.#restarts.countAt(clock.monotonic());
    const restart = child.spec.restart ?? 'permanent';
    const supervisorId = this.self.id;
    const { id: childId, lastId: oldId } = child;
    emit({ type: 'child_down', supervisorId, childId, oldId, next, restart, restarts, maxRestarts, withinMs });
  }

  /** Starts a child, and adopts its process. */
  async launch(child: Child): Promise<Process> {
    const self = this.self;
    if (!self.running) throw this.notRunning();
    const ref = await this.start.run(child, self);
    // Between these checks and the adoption there is no `await`: meanwhile, this supervisor may be killed, and another one
    // adopt the process.
    const process = this.start.adoptable(child, ref, self);
    if (self.gone) {
      process.kill();
      throw this.notRunning();
    }
    // It may have ended in the meantime; then its exit is the next message of the supervisor.
    self.adopt(process, child.id, shutdownLimit(process, child.spec));
    this.children.setRunning(child, process);
    this.#options.emit({ type: 'child_started', supervisorId: self.id, childId: child.id, id: process.id });
    return process;
  }

  /** Stops the child, if it runs. `pending`: what will start it again. */
  async stop(child: Child, pending: Child['pending']): Promise<void> {
    const { process } = child;
    this.children.setDown(child, pending);
    if (process === undefined) return;
    await shutDown(process, shutdownLimit(process, child.spec));
    // It crashed while it was being stopped, or before the supervisor handled its exit.
    if (typeof process.exitReason !== 'object') return;
    this.emitDown(child, pending === 'group' && child.spec.restart !== 'temporary' ? 'restart' : 'stopped');
  }

  /** Siblings stop one after another, last first; the children of a template do not depend on each other. */
  async stopAll(): Promise<void> {
    const children = [...this.children].toReversed();
    // The child whose start is under way is the last of all.
    const unfinishedGone = this.start.unfinishedGone();
    if (this.#options.strategy === 'simple_one_for_one') {
      await Promise.all([unfinishedGone, ...children.map((child) => this.stop(child, undefined))]);
      return;
    }
    await unfinishedGone;
    for (const child of children) await this.stop(child, undefined);
  }

  /** Removes a child that is down from the table, unless it may be started again. */
  forgetIfDone(child: Child): void {
    const isForgotten = child.spec.restart === 'temporary' || this.#options.strategy === 'simple_one_for_one';
    if (isForgotten) this.children.remove(child);
  }

  /** Whether the supervisor ends now that a significant child has ended. */
  shouldShutDown(): boolean {
    const { autoShutdown } = this.#options;
    return (
      autoShutdown === 'any_significant' || (autoShutdown === 'all_significant' && this.children.significantCount === 0)
    );
  }

  /** The error for a request that a stopping supervisor does not serve any more. */
  notRunning(): ServerNotRunningError {
    const { id, registeredName } = this.self;
    return new ServerNotRunningError(id, { registeredName, ...(this.gaveUp && { cause: this.gaveUp }) });
  }
}
