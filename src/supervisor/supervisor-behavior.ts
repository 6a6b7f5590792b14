import {
  asError,
  ChildNotFoundError,
  ChildRestartingError,
  ChildRunningError,
  ChildStartError,
  DuplicateChildError,
  MaxRestartsExceededError,
  type ServerNotRunningError,
} from '../errors.js';
import { ChildExit } from '../process/child-exit.js';
import type { GenServerBehavior } from '../process/gen-server-types.js';
import type { Process } from '../process/process.js';
import type { ProcessRef } from '../process/process-refs.js';
import { serializeError } from '../process/serialize-error.js';
import { ChildLifecycle, type ChildLifecycleOptions } from './child-lifecycle.js';
import type { ChildSpec } from './child-spec.js';
import type { Child } from './child-table.js';
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

interface SupervisionOptions extends ChildLifecycleOptions {
  readonly children: readonly ChildSpec[];
  /** Called when `init` begins: from now on the supervisor can be queried. `self` is its process. */
  onBegin(self: Process): void;
  /** The error with which `process` gave up; `undefined` unless `process` is a supervisor that gave up. */
  gaveUpOf(process: Process): Error | undefined;
}

/**
 * The behavior of a supervisor process. Its calls are the requests to the supervisor. Its infos are the exits of its
 * children, and messages to itself.
 */
export class SupervisorBehavior
  implements GenServerBehavior<undefined, SupervisorCall, never, SupervisorReply, unknown>
{
  readonly #options: SupervisionOptions;
  readonly #lifecycle: ChildLifecycle;
  #isInterrupted = false;

  constructor(options: SupervisionOptions) {
    this.#options = options;
    this.#lifecycle = new ChildLifecycle(options);
  }

  get children(): Iterable<Child> {
    return this.#lifecycle.children;
  }

  get runningCount(): number {
    return this.#lifecycle.children.runningCount;
  }

  /** The error with which this supervisor gave up; `undefined` if it did not. */
  get gaveUp(): MaxRestartsExceededError | undefined {
    return this.#lifecycle.gaveUp;
  }

  /** Whether this supervisor was asked to stop before all its children had started. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /**
   * Whether a `start` function of a child is on the stack. A request from that function to this supervisor would wait
   * forever.
   */
  get isStartingChild(): boolean {
    return this.#lifecycle.start.isCalling;
  }

  find(target: ChildTarget): Child | undefined {
    return typeof target === 'string'
      ? this.#lifecycle.children.get(target)
      : this.#lifecycle.children.ofProcess(target.id);
  }

  notRunning(): ServerNotRunningError {
    return this.#lifecycle.notRunning();
  }

  async init(ref: ProcessRef): Promise<undefined> {
    const self = this.#options.processes.running(ref);
    this.#lifecycle.begin(self);
    this.#options.onBegin(self);
    for (const spec of this.#options.children) {
      const child = this.#lifecycle.children.add(spec.id, spec);
      try {
        await this.#lifecycle.launch(child);
      } catch (thrown) {
        // If the supervisor is stopping, `terminate` runs next and stops the children.
        this.#isInterrupted = !self.running;
        if (this.#isInterrupted) return;
        await this.#lifecycle.stopAll();
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
    // A stopping supervisor does not restart children: `terminate` stops all of them next.
    if (!this.#lifecycle.self.running) return;
    if (info instanceof ChildExit) await this.#childExited(info);
    else if (info instanceof RetryRestart) await this.#retry(info);
    else if (info instanceof ResumeGroup) await this.#resumeGroup();
  }

  async terminate(): Promise<void> {
    await this.#lifecycle.stopAll();
  }

  async #answer(call: SupervisorCall): Promise<SupervisorReply> {
    if (!this.#lifecycle.self.running) throw this.#lifecycle.notRunning();
    if (call.type === 'start_child') return { ref: await this.#startChild(call.spec) };
    const child = this.find(call.target);
    if (child === undefined) {
      if (call.type === 'terminate_child' && this.#isGone(call.target)) return {};
      throw new ChildNotFoundError(this.#lifecycle.self.id, targetName(call.target));
    }
    switch (call.type) {
      case 'terminate_child':
        await this.#terminateChild(child);
        return {};
      case 'restart_child':
        return { ref: await this.#restartChild(child) };
      case 'delete_child':
        this.#refusePending(child);
        if (child.process !== undefined) throw new ChildRunningError(this.#lifecycle.self.id, child.id);
        this.#lifecycle.children.remove(child);
        return {};
    }
  }

  async #startChild(spec: ChildSpec): Promise<ProcessRef> {
    const before = this.#lifecycle.children.get(spec.id);
    if (before?.process !== undefined || before?.pending !== undefined) {
      throw new DuplicateChildError(this.#lifecycle.self.id, spec.id);
    }
    const child = this.#lifecycle.children.add(spec.id, spec);
    try {
      return (await this.#lifecycle.launch(child)).ref;
    } catch (error) {
      this.#lifecycle.children.remove(child);
      throw error;
    }
  }

  async #terminateChild(child: Child): Promise<void> {
    const wasRetried = child.pending === 'retry';
    await this.#lifecycle.stop(child, undefined);
    this.#lifecycle.forgetIfDone(child);
    // The other children of the restart group were waiting for this child, which is not retried any more.
    if (wasRetried) this.#lifecycle.self.enqueue(new ResumeGroup(), 'info');
  }

  async #restartChild(child: Child): Promise<ProcessRef> {
    this.#refusePending(child);
    await this.#lifecycle.stop(child, undefined);
    try {
      return (await this.#lifecycle.launch(child)).ref;
    } catch (error) {
      this.#lifecycle.forgetIfDone(child);
      throw error;
    }
  }

  #refusePending(child: Child): void {
    if (child.pending !== undefined) throw new ChildRestartingError(this.#lifecycle.self.id, child.id);
  }

  async #childExited({ id, reason }: ChildExit): Promise<void> {
    const child = this.#lifecycle.children.ofProcess(id);
    const process = child?.process;
    // Ignores exits that need no action: the supervisor stopped the process itself, or the child was removed or has a
    // new process.
    if (child === undefined || process?.id !== id) return;
    if (isRestarted(child.spec.restart ?? 'permanent', reason)) {
      const cause = restartCause(child, reason, this.#options.gaveUpOf(process));
      this.#lifecycle.children.setDown(child, 'retry');
      await this.#restart(child, cause);
      return;
    }
    this.#lifecycle.children.setDown(child, undefined);
    this.#lifecycle.forgetIfDone(child);
    const isEnd = child.spec.significant === true && this.#lifecycle.shouldShutDown();
    const isProblem = typeof reason === 'object' || this.#options.gaveUpOf(process) !== undefined;
    if (isProblem) this.#lifecycle.emitDown(child, isEnd ? 'shutdown' : 'stay_down');
    if (isEnd) void this.#lifecycle.self.stop('shutdown');
  }

  async #retry({ child, cause }: RetryRestart): Promise<void> {
    // Skipped if the child was terminated meanwhile, or has started with its group.
    if (child.pending === 'retry') await this.#restart(child, cause);
  }

  async #restart(failed: Child, cause: Error): Promise<void> {
    const { strategy } = this.#options;
    const isTolerated = this.#lifecycle.countRestart();
    this.#lifecycle.emitDown(failed, isTolerated ? 'restart' : 'give_up');
    if (!isTolerated) {
      this.#giveUp(failed, cause);
      return;
    }
    const group = restartGroup(strategy, this.#lifecycle.children, failed);
    for (const child of group.toReversed()) {
      // The restart of the group replaces pending restarts of its children, including a retry of the failed child.
      await this.#lifecycle.stop(child, 'group');
      if (child.spec.restart === 'temporary') this.#lifecycle.children.remove(child);
    }
    const waiting = group.filter(({ pending }) => pending === 'group');
    const delayMs = this.#lifecycle.restartDelayMs;
    if (delayMs > 0) this.#startAgainAfter(delayMs, waiting);
    else await this.#startAgain(waiting);
  }

  /** Starts children after the restart back-off. Meanwhile the supervisor handles other messages. */
  #startAgainAfter(delayMs: number, children: readonly Child[]): void {
    const { self, now } = this.#lifecycle;
    const dueAt = now + delayMs;
    for (const child of children) child.notBefore = dueAt;
    self.setTimer(() => {
      // The timer may fire a fraction of a millisecond before `dueAt` on the clock, so the callback clears `notBefore`.
      for (const child of children) if (child.notBefore === dueAt) child.notBefore = 0;
      self.enqueue(new ResumeGroup(), 'info');
    }, delayMs);
  }

  async #resumeGroup(): Promise<void> {
    const { children, now } = this.#lifecycle;
    await this.#startAgain([...children].filter(({ pending, notBefore }) => pending === 'group' && notBefore <= now));
  }

  /** Starts children in order. A start that fails is retried, and the children after it wait. */
  async #startAgain(children: readonly Child[]): Promise<void> {
    const self = this.#lifecycle.self;
    const { emit } = this.#options;
    for (const child of children) {
      const { id: childId, lastId: oldId } = child;
      try {
        const { id: newId, kind } = await this.#lifecycle.launch(child);
        child.restarts += 1;
        emit({ type: 'child_restarted', supervisorId: self.id, childId, oldId, newId, kind, attempt: child.restarts });
      } catch (thrown) {
        if (!self.running) return;
        const error = asError(thrown);
        child.failures += 1;
        const attempt = child.failures;
        this.#lifecycle.children.setDown(child, 'retry');
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

  /** Stops this supervisor with reason `shutdown`, as in OTP. The supervisor above restarts it only if `permanent`. */
  #giveUp(failed: Child, cause: Error): void {
    const { maxRestarts, withinMs } = this.#options.restartIntensity;
    const { id } = this.#lifecycle.self;
    this.#lifecycle.children.setDown(failed, undefined);
    this.#lifecycle.gaveUp = new MaxRestartsExceededError(id, maxRestarts, withinMs, { cause });
    const { childId: _own, ...place } = this.#lifecycle.self.location();
    const [childId, error] = [failed.id, serializeError(cause)];
    this.#options.emit({ type: 'supervisor_gave_up', id, maxRestarts, withinMs, childId, error, ...place });
    void this.#lifecycle.self.stop('shutdown');
  }

  /** Whether the target is the ref of an ended process, so that there is nothing to stop. */
  #isGone(target: ChildTarget): boolean {
    return typeof target !== 'string' && this.#options.processes.find(target) === undefined;
  }
}
