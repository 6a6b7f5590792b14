import type { ChildDown, SupervisorStrategy, UnstampedEvent } from '../../streams/events.js';
import type { Clock } from '../clock.js';
import {
  asError,
  ChildNotFoundError,
  ChildRestartingError,
  ChildRunningError,
  ChildStartError,
  DuplicateChildError,
  MaxRestartsExceededError,
  ServerNotRunningError,
} from '../errors.js';
import type { GenServerBehavior, ProcessRef } from '../process/behavior.js';
import { ChildExit, type Process } from '../process/process.js';
import type { ProcessTable } from '../process/process-table.js';
import { serializeError } from '../process/serialize.js';
import { shutDown, shutdownLimit } from './child-shutdown.js';
import type { AutoShutdown, ChildSpec } from './child-spec.js';
import { ChildStart } from './child-start.js';
import { type Child, ChildTable } from './child-table.js';
import { type RestartIntensity, RestartWindow } from './intensity.js';
import { isRestarted, restartGroup } from './strategy.js';
import {
  type ChildTarget,
  ResumeGroup,
  RetryRestart,
  restartCause,
  type SupervisorCall,
  type SupervisorReply,
  targetName,
} from './supervisor-messages.js';

interface SupervisionOptions {
  readonly strategy: SupervisorStrategy;
  readonly children: readonly ChildSpec[];
  readonly restartIntensity: RestartIntensity;
  readonly autoShutdown: AutoShutdown;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  emit(fact: UnstampedEvent): void;
  onError(error: Error): void;
  /** `self` is the process of this supervisor, and may be asked from here on. */
  begun(self: Process): void;
  /** Why the supervisor that this process is gave up, if it did. */
  gaveUpOf(process: Process): Error | undefined;
}

/** The process behind a supervisor: a server whose infos are the exits of its children. */
export class ChildSupervision implements GenServerBehavior<undefined, SupervisorCall, never, SupervisorReply, unknown> {
  readonly #options: SupervisionOptions;
  readonly #children = new ChildTable();
  readonly #start: ChildStart;
  readonly #restarts: RestartWindow;
  #self: Process | undefined;
  #gaveUp: MaxRestartsExceededError | undefined;
  #isInterrupted = false;

  constructor(options: SupervisionOptions) {
    this.#options = options;
    this.#start = new ChildStart(options);
    this.#restarts = new RestartWindow(options.restartIntensity);
  }

  get children(): Iterable<Child> {
    return this.#children;
  }

  get runningCount(): number {
    return this.#children.runningCount;
  }

  /** Why it gave up, if it did. */
  get gaveUp(): MaxRestartsExceededError | undefined {
    return this.#gaveUp;
  }

  /** Whether it was asked to stop before all its children had started. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** Whether the `start` of a child is on the stack: who asks this supervisor now waits for itself. */
  get isStartingChild(): boolean {
    return this.#start.isCalling;
  }

  find(target: ChildTarget): Child | undefined {
    return typeof target === 'string' ? this.#children.get(target) : this.#children.ofProcess(target.id);
  }

  async init(ref: ProcessRef): Promise<undefined> {
    const self = this.#options.processes.running(ref);
    this.#self = self;
    self.onEnding(() => this.#start.abandon());
    this.#options.begun(self);
    for (const spec of this.#options.children) {
      const child = this.#children.add(spec.id, spec);
      try {
        await this.#launch(child);
      } catch (thrown) {
        // Its children are stopped by `terminate`, which follows.
        this.#isInterrupted = !self.running;
        if (this.#isInterrupted) return;
        await this.#stopAll();
        throw new ChildStartError(self.id, child.id, asError(thrown));
      }
    }
  }

  async handleCall(call: SupervisorCall): Promise<readonly [SupervisorReply, undefined]> {
    try {
      return [await this.#answer(call), undefined];
    } catch (thrown) {
      return [{ error: asError(thrown) }, undefined];
    }
  }

  handleCast(): undefined {
    return undefined;
  }

  async handleInfo(info: unknown): Promise<undefined> {
    // What happens on the way out is of no consequence: all children are stopped next.
    if (!this.#running.running) return;
    if (info instanceof ChildExit) await this.#childExited(info);
    else if (info instanceof RetryRestart) await this.#retry(info);
    else if (info instanceof ResumeGroup) await this.#resumeGroup();
  }

  async terminate(): Promise<void> {
    await this.#stopAll();
  }

  async #answer(call: SupervisorCall): Promise<SupervisorReply> {
    if (!this.#running.running) throw this.notRunning();
    if (call.type === 'start_child') return { ref: await this.#startChild(call.spec) };
    const child = this.find(call.target);
    if (child === undefined) {
      if (call.type === 'terminate_child' && this.#isGone(call.target)) return {};
      throw new ChildNotFoundError(this.#running.id, targetName(call.target));
    }
    switch (call.type) {
      case 'terminate_child':
        await this.#terminateChild(child);
        return {};
      case 'restart_child':
        return { ref: await this.#restartChild(child) };
      case 'delete_child':
        this.#refusePending(child);
        if (child.process !== undefined) throw new ChildRunningError(this.#running.id, child.id);
        this.#children.remove(child);
        return {};
    }
  }

  async #startChild(spec: ChildSpec): Promise<ProcessRef> {
    const before = this.#children.get(spec.id);
    if (before?.process !== undefined || before?.pending !== undefined) {
      throw new DuplicateChildError(this.#running.id, spec.id);
    }
    const child = this.#children.add(spec.id, spec);
    try {
      return (await this.#launch(child)).ref;
    } catch (error) {
      this.#children.remove(child);
      throw error;
    }
  }

  async #terminateChild(child: Child): Promise<void> {
    const wasRetried = child.pending === 'retry';
    await this.#stop(child, undefined);
    this.#forgetIfDone(child);
    // Its siblings wait for a start that is not tried any more.
    if (wasRetried) this.#running.enqueue(new ResumeGroup(), 'info');
  }

  async #restartChild(child: Child): Promise<ProcessRef> {
    this.#refusePending(child);
    await this.#stop(child, undefined);
    try {
      return (await this.#launch(child)).ref;
    } catch (error) {
      this.#forgetIfDone(child);
      throw error;
    }
  }

  #refusePending(child: Child): void {
    if (child.pending !== undefined) throw new ChildRestartingError(this.#running.id, child.id);
  }

  async #childExited({ id, reason }: ChildExit): Promise<void> {
    const child = this.#children.ofProcess(id);
    const process = child?.process;
    // It was stopped on purpose, or has been replaced since.
    if (child === undefined || process?.id !== id) return;
    if (isRestarted(child.spec.restart ?? 'permanent', reason)) {
      const cause = restartCause(child, reason, this.#options.gaveUpOf(process));
      this.#children.setDown(child, 'retry');
      await this.#restart(child, cause);
      return;
    }
    this.#children.setDown(child, undefined);
    this.#forgetIfDone(child);
    const isEnd = child.spec.significant === true && this.#endsNow();
    const isProblem = typeof reason === 'object' || this.#options.gaveUpOf(process) !== undefined;
    if (isProblem) this.#emitDown(child, isEnd ? 'shutdown' : 'stay_down');
    if (isEnd) void this.#running.stop('shutdown');
  }

  async #retry({ child, cause }: RetryRestart): Promise<void> {
    // It was terminated meanwhile, or has come up with its group.
    if (child.pending === 'retry') await this.#restart(child, cause);
  }

  async #restart(failed: Child, cause: Error): Promise<void> {
    const { clock, strategy } = this.#options;
    const isTolerated = this.#restarts.record(clock.monotonic());
    this.#emitDown(failed, isTolerated ? 'restart' : 'give_up');
    if (!isTolerated) {
      this.#giveUp(failed, cause);
      return;
    }
    const group = restartGroup(strategy, this.#children, failed);
    for (const child of group.toReversed()) {
      // Whatever was to start one of them alone, a retry of its own included, is superseded by the group.
      await this.#stop(child, 'group');
      if (child.spec.restart === 'temporary') this.#children.remove(child);
    }
    await this.#bringBack(group.filter(({ pending }) => pending === 'group'));
  }

  async #resumeGroup(): Promise<void> {
    await this.#bringBack([...this.#children].filter(({ pending }) => pending === 'group'));
  }

  /** Starts children that are down, in order, up to the first that fails: it is retried, and the rest waits for it. */
  async #bringBack(children: readonly Child[]): Promise<void> {
    const self = this.#running;
    const { emit } = this.#options;
    for (const child of children) {
      const { id: childId, lastId: oldId } = child;
      try {
        const { id: newId, kind } = await this.#launch(child);
        child.restarts += 1;
        emit({ type: 'child_restarted', supervisorId: self.id, childId, oldId, newId, kind, attempt: child.restarts });
      } catch (thrown) {
        if (!self.running) return;
        const error = asError(thrown);
        child.failures += 1;
        const attempt = child.failures;
        this.#children.setDown(child, 'retry');
        emit({
          type: 'child_restart_failed',
          supervisorId: self.id,
          childId,
          oldId,
          error: serializeError(error),
          attempt,
        });
        self.enqueue(new RetryRestart(child, error), 'info');
        return;
      }
    }
  }

  /** Ends as OTP's supervisors do: politely, so that a supervisor above restarts it only where it is permanent. */
  #giveUp(failed: Child, cause: Error): void {
    const { maxRestarts, withinMs } = this.#options.restartIntensity;
    const { id } = this.#running;
    this.#children.setDown(failed, undefined);
    this.#gaveUp = new MaxRestartsExceededError(id, maxRestarts, withinMs, { cause });
    const { childId: _own, ...place } = this.#running.place();
    const [childId, error] = [failed.id, serializeError(cause)];
    this.#options.emit({ type: 'supervisor_gave_up', id, maxRestarts, withinMs, childId, error, ...place });
    void this.#running.stop('shutdown');
  }

  #emitDown(child: Child, next: ChildDown['next']): void {
    const { emit, clock, restartIntensity } = this.#options;
    const { maxRestarts, withinMs } = restartIntensity;
    const restarts = this.#restarts.countAt(clock.monotonic());
    const restart = child.spec.restart ?? 'permanent';
    const supervisorId = this.#running.id;
    const { id: childId, lastId: oldId } = child;
    emit({ type: 'child_down', supervisorId, childId, oldId, next, restart, restarts, maxRestarts, withinMs });
  }

  async #launch(child: Child): Promise<Process> {
    const self = this.#running;
    if (!self.running) throw this.notRunning();
    const ref = await this.#start.run(child, self);
    // Between these checks and the adoption there is no `await`: meanwhile, this supervisor may be killed, and another one
    // adopt the process.
    const process = this.#start.usable(child, ref, self);
    if (self.gone) {
      process.kill();
      throw this.notRunning();
    }
    // It may have ended in the meantime; then that is what its supervisor hears next.
    self.adopt(process, child.id, shutdownLimit(process, child.spec));
    this.#children.setRunning(child, process);
    this.#options.emit({ type: 'child_started', supervisorId: self.id, childId: child.id, id: process.id });
    return process;
  }

  /** Stops the child, if it runs. `pending`: what will start it again. */
  async #stop(child: Child, pending: Child['pending']): Promise<void> {
    const { process } = child;
    this.#children.setDown(child, pending);
    if (process === undefined) return;
    await shutDown(process, shutdownLimit(process, child.spec));
    // It crashed while it was being stopped, or before this supervisor came to know.
    if (typeof process.exitReason !== 'object') return;
    this.#emitDown(child, pending === 'group' && child.spec.restart !== 'temporary' ? 'restart' : 'stopped');
  }

  /** Siblings stop one after another, last first; the children of a template do not depend on each other. */
  async #stopAll(): Promise<void> {
    const children = [...this.#children].toReversed();
    // Of all, the child whose start is under way is the last.
    const unfinishedGone = this.#start.unfinishedGone();
    if (this.#options.strategy === 'simple_one_for_one') {
      await Promise.all([unfinishedGone, ...children.map((child) => this.#stop(child, undefined))]);
      return;
    }
    await unfinishedGone;
    for (const child of children) await this.#stop(child, undefined);
  }

  /** Takes the place of a child that is down, unless it may be started again. */
  #forgetIfDone(child: Child): void {
    const isForgotten = child.spec.restart === 'temporary' || this.#options.strategy === 'simple_one_for_one';
    if (isForgotten) this.#children.remove(child);
  }

  /** Whether the supervisor is to end, now that a significant child has. */
  #endsNow(): boolean {
    const { autoShutdown } = this.#options;
    return (
      autoShutdown === 'any_significant' ||
      (autoShutdown === 'all_significant' && this.#children.significantCount === 0)
    );
  }

  /** Whether the process that is meant has ended: there is nothing to stop. */
  #isGone(target: ChildTarget): boolean {
    return typeof target !== 'string' && this.#options.processes.find(target) === undefined;
  }

  /** Answers those who ask for something that a supervisor on its way out does not do any more. */
  notRunning(): ServerNotRunningError {
    const { id, registeredName } = this.#running;
    return new ServerNotRunningError(id, { registeredName, ...(this.#gaveUp && { cause: this.#gaveUp }) });
  }

  get #running(): Process {
    if (this.#self === undefined) throw new Error('a supervisor acts only after its init has begun');
    return this.#self;
  }
}
