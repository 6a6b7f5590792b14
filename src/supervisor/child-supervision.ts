import type { RuntimeFact, SupervisorStrategy } from '../../streams/events.js';
import type { Clock } from '../clock.js';
import {
  asError,
  ChildNotFoundError,
  DuplicateChildError,
  InvalidChildSpecError,
  MaxRestartsExceededError,
  ServerNotRunningError,
} from '../errors.js';
import type { GenServerBehavior, ProcessRef } from '../process/behavior.js';
import { ChildExit, type Process } from '../process/process.js';
import type { ProcessTable } from '../process/process-table.js';
import type { AutoShutdown, ChildOptions, ChildSpec } from './child-spec.js';
import { isExceeded, type RestartIntensity, recordRestart } from './intensity.js';
import { isRestarted, restartGroup } from './strategy.js';

const WORKER_SHUTDOWN_MS = 5000;

/** One place among the children, whoever fills it now. */
export interface Child {
  readonly id: string;
  readonly spec: ChildOptions & { start(): Promise<ProcessRef> };
  /** `undefined` while it does not run. */
  process: Process | undefined;
  /** The id of the process that was here before. */
  lastId: string;
  restarts: number;
  /** It is down and will be brought up again. */
  awaitsRestart: boolean;
}

/** What a supervisor is asked to do, one after another. */
export type SupervisorCall =
  | { readonly type: 'start_child'; readonly spec: ChildSpec }
  | { readonly type: 'terminate_child'; readonly childId: string }
  | { readonly type: 'restart_child'; readonly childId: string };

/** A failure is an answer, not a crash of the supervisor. */
export type SupervisorReply = { readonly ref?: ProcessRef } | { readonly error: Error };

/** The supervisor's message to itself: bringing `child` up has failed, try again after what else is in the mailbox. */
class RetryRestart {
  readonly child: Child;
  readonly cause: Error;

  constructor(child: Child, cause: Error) {
    this.child = child;
    this.cause = cause;
  }
}

interface SupervisionOptions {
  readonly strategy: SupervisorStrategy;
  readonly children: readonly ChildSpec[];
  readonly restartIntensity: RestartIntensity;
  readonly autoShutdown: AutoShutdown;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  emit(fact: RuntimeFact): void;
  /** `self` is the process of this supervisor, and may be asked from here on. */
  begun(self: Process): void;
}

/** The process behind a supervisor: a server whose infos are the exits of its children. */
export class ChildSupervision implements GenServerBehavior<undefined, SupervisorCall, never, SupervisorReply, unknown> {
  readonly #options: SupervisionOptions;
  /** In the order they are started. */
  readonly #children = new Map<string, Child>();
  readonly #byProcess = new Map<string, Child>();
  #restartMoments: readonly number[] = [];
  #self: Process | undefined;

  constructor(options: SupervisionOptions) {
    this.#options = options;
  }

  get strategy(): SupervisorStrategy {
    return this.#options.strategy;
  }

  get children(): readonly Child[] {
    return [...this.#children.values()];
  }

  async init(self: ProcessRef): Promise<undefined> {
    this.#self = this.#options.processes.running(self);
    this.#options.begun(this.#self);
    try {
      for (const spec of this.#options.children) await this.#launch(this.#add(spec));
    } catch (error) {
      await this.#stopAll();
      throw error;
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
    if (info instanceof ChildExit) await this.#childExited(info);
    else if (info instanceof RetryRestart) await this.#retry(info);
  }

  async terminate(): Promise<void> {
    await this.#stopAll();
  }

  async #answer(call: SupervisorCall): Promise<SupervisorReply> {
    if (call.type === 'start_child') {
      const child = this.#add(call.spec);
      try {
        return { ref: (await this.#launch(child)).ref };
      } catch (error) {
        this.#remove(child);
        throw error;
      }
    }
    const child = this.#children.get(call.childId);
    if (child === undefined) throw new ChildNotFoundError(this.#running.id, call.childId);
    child.awaitsRestart = false;
    await this.#stop(child);
    if (call.type === 'restart_child') return { ref: (await this.#launch(child)).ref };
    if (this.#isForgottenWhenDown(child)) this.#remove(child);
    return {};
  }

  async #childExited({ id, reason }: ChildExit): Promise<void> {
    const child = this.#byProcess.get(id);
    // Nobody's: it was stopped on purpose, or has been replaced since.
    if (child === undefined) return;
    this.#vacate(child);
    if (isRestarted(child.spec.restart ?? 'permanent', reason)) {
      await this.#restart(child, typeof reason === 'object' ? reason.error : undefined);
      return;
    }
    if (this.#isForgottenWhenDown(child)) this.#remove(child);
    if (child.spec.significant === true && this.#endsWith(child)) void this.#running.stop('shutdown');
  }

  async #retry({ child, cause }: RetryRestart): Promise<void> {
    // Somebody may have terminated it meanwhile; then its siblings that went down with it still wait.
    const waiting = child.awaitsRestart ? child : this.children.find(({ awaitsRestart }) => awaitsRestart);
    if (waiting !== undefined) await this.#restart(waiting, cause);
  }

  async #restart(failed: Child, cause: Error | undefined): Promise<void> {
    const { restartIntensity, clock, strategy } = this.#options;
    this.#restartMoments = recordRestart(this.#restartMoments, clock.monotonic(), restartIntensity);
    if (isExceeded(this.#restartMoments, restartIntensity)) {
      const { maxRestarts, withinMs } = restartIntensity;
      throw new MaxRestartsExceededError(this.#running.id, maxRestarts, withinMs, cause && { cause });
    }
    failed.awaitsRestart = true;
    const group = restartGroup(strategy, this.children, this.children.indexOf(failed));
    for (const sibling of group.toReversed()) {
      if (sibling.process === undefined) continue;
      await this.#stop(sibling);
      if (sibling.spec.restart === 'temporary') this.#remove(sibling);
      else sibling.awaitsRestart = true;
    }
    for (const child of group) {
      // Those that were down before, having finished or been terminated, stay down.
      if (!child.awaitsRestart || !this.#running.running) continue;
      try {
        await this.#bringBack(child);
      } catch (thrown) {
        if (!this.#running.gone) this.#running.enqueue(new RetryRestart(child, asError(thrown)), 'info');
        return;
      }
    }
  }

  async #bringBack(child: Child): Promise<void> {
    const oldId = child.lastId;
    const { id: newId, kind } = await this.#launch(child);
    child.awaitsRestart = false;
    child.restarts += 1;
    const supervisorId = this.#running.id;
    const { emit } = this.#options;
    emit({ type: 'child_restarted', supervisorId, childId: child.id, oldId, newId, kind, attempt: child.restarts });
  }

  async #launch(child: Child): Promise<Process> {
    const { processes, emit } = this.#options;
    const self = this.#running;
    const ref: unknown = await child.spec.start();
    // It may have ended in the meantime; then that is what its supervisor hears next.
    const process = isRef(ref) ? processes.behind(ref) : undefined;
    const of = `of child '${child.id}'`;
    if (process === undefined) throw new InvalidChildSpecError('start', `${of} gave no ref of a running process`);
    if (process.parent !== undefined || isAbove(process, self)) {
      throw new InvalidChildSpecError('start', `${of} gave process ${process.id}, which has a place already`);
    }
    if (self.gone) {
      // This supervisor was killed while its child was starting: nobody else would ever end the child.
      process.kill();
      throw new ServerNotRunningError(self.id);
    }
    self.adopt(process);
    child.process = process;
    child.lastId = process.id;
    this.#byProcess.set(process.id, child);
    emit({ type: 'child_started', supervisorId: self.id, childId: child.id, id: process.id });
    return process;
  }

  /** Stops the child, or kills it when it takes too long. */
  async #stop(child: Child): Promise<void> {
    const { process, spec } = child;
    if (process === undefined) return;
    this.#vacate(child);
    const ownDefault = process.kind === 'supervisor' ? Number.POSITIVE_INFINITY : WORKER_SHUTDOWN_MS;
    const limit = spec.shutdownTimeout ?? ownDefault;
    if (limit === 0) {
      process.kill();
      return;
    }
    const self = this.#running;
    const timer = Number.isFinite(limit) ? self.setTimer(() => process.kill(), limit) : undefined;
    await process.stop('shutdown');
    if (timer !== undefined) self.clearTimer(timer);
  }

  async #stopAll(): Promise<void> {
    for (const child of this.children.toReversed()) {
      child.awaitsRestart = false;
      await this.#stop(child);
    }
  }

  #add(spec: ChildSpec): Child {
    const before = this.#children.get(spec.id);
    if (before?.process !== undefined || before?.awaitsRestart) {
      throw new DuplicateChildError(this.#running.id, spec.id);
    }
    const child: Child = { id: spec.id, spec, process: undefined, lastId: '', restarts: 0, awaitsRestart: false };
    this.#children.delete(spec.id);
    this.#children.set(spec.id, child);
    return child;
  }

  #remove(child: Child): void {
    this.#children.delete(child.id);
  }

  #vacate(child: Child): void {
    if (child.process !== undefined) this.#byProcess.delete(child.process.id);
    child.process = undefined;
  }

  #isForgottenWhenDown(child: Child): boolean {
    return child.spec.restart === 'temporary' || this.strategy === 'simple_one_for_one';
  }

  /** Whether the supervisor is to end now that this significant child has. */
  #endsWith(ended: Child): boolean {
    if (this.#options.autoShutdown === 'any_significant') return true;
    if (this.#options.autoShutdown === 'never') return false;
    return !this.children.some(
      (child) => child !== ended && child.spec.significant === true && (child.process || child.awaitsRestart),
    );
  }

  get #running(): Process {
    if (this.#self === undefined) throw new Error('a supervisor acts only after its init has begun');
    return this.#self;
  }
}

function isRef(value: unknown): value is ProcessRef {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    'life' in value &&
    typeof value.id === 'string' &&
    typeof value.life === 'string'
  );
}

/** Whether `process` is `below` itself or one of its supervisors. */
function isAbove(process: Process, below: Process): boolean {
  for (let at: Process | undefined = below; at !== undefined; at = at.parent) {
    if (at === process) return true;
  }
  return false;
}
