import { map, type Observable, Subject, startWith } from 'rxjs';
import { applyChanges } from '../../streams/changes.js';
import type { NodeModel } from '../../streams/evolve.js';
import {
  createNodeState,
  decodeReport,
  monotonicOf,
  type NodeReport,
  type NodeState,
} from '../../streams/node-report.js';
import { isNewer, type NodeStates } from '../../streams/node-states.js';
import type { Now } from '../../streams/process-rows.js';
import { NodeTimeoutError } from '../errors.js';
import { type HeldVersion, REPORT } from './protocol.js';
import { furtherPages, isPage, type PageReport } from './report-pages.js';

/** How long answers may take, ms. */
export interface TimeBudget {
  /** The time left for the next answer, ms; at 0, no more requests are sent. */
  left(): number;
  /** The limit that a time-out error names, ms. */
  readonly timeoutMs: number;
}

/** A limit for all answers together, and one for each of them, ms. */
export function timeBudget(allMs: number, monotonic: () => number, eachMs = allMs): TimeBudget {
  const begun = monotonic();
  return { left: () => Math.min(eachMs, allMs - (monotonic() - begun)), timeoutMs: eachMs };
}

/** Sends one request to the node that is being read. */
type Read = (method: string, known: HeldVersion | null) => Promise<NodeReport>;

/** Pages of a report that were read so far. */
interface UnfinishedReport {
  readonly incarnation: number;
  readonly version: number;
  readonly nextPage: number;
  readonly model: NodeModel;
}

interface NodeReplicasPorts<Id extends string> {
  now(): number;
  monotonic(): number;
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
}

/** The one store of node states: builds them from reports, so that the next report of a node needs only the changes. */
export class NodeReplicas<Id extends string> {
  readonly #ports: NodeReplicasPorts<Id>;
  readonly #states = new Map<string, NodeState>();
  readonly #changed$ = new Subject<void>();
  readonly #gaps = new Map<Id, number>();
  readonly #unfinished = new Map<Id, UnfinishedReport>();
  /** The monotonic clock of each node, ms, as of the latest report of that incarnation. */
  readonly #clocks = new Map<Id, { readonly incarnation: number; reportedMs: number }>();

  constructor(ports: NodeReplicasPorts<Id>) {
    this.#ports = ports;
  }

  /** Always the newest: what is made of them must be made at once. A copy for each change would cost time for each node. */
  get states(): NodeStates {
    return this.#states;
  }

  /** The {@link states} now, and after each change. */
  get states$(): Observable<NodeStates> {
    return this.#changed$.pipe(
      startWith(undefined),
      map(() => this.#states),
    );
  }

  /** How often a report of each node did not build on the state held here, so that its full state was requested. */
  gaps(id: Id): number {
    return this.#gaps.get(id) ?? 0;
  }

  /** A report did not fit, and the full state is requested. */
  countResync(id: Id): void {
    this.#gaps.set(id, this.gaps(id) + 1);
  }

  /**
   * Asks a node for a report, and for as many more as it takes to know all.
   *
   * Rejects as the request does, and with a TypeError when the answer makes no sense.
   */
  async ask(id: Id, method: string, { timeoutMs, left }: TimeBudget): Promise<void> {
    const read: Read = async (as, known) => {
      const rest = left();
      if (rest <= 0) throw new NodeTimeoutError(id, timeoutMs);
      try {
        return decodeReport(await this.#ports.request(id, as, known, rest));
      } catch (thrown) {
        // The last of several requests has only the time that the others left; the error names the whole limit.
        throw thrown instanceof NodeTimeoutError ? new NodeTimeoutError(id, timeoutMs) : thrown;
      }
    };
    const unfinished = method === REPORT ? this.#unfinished.get(id) : undefined;
    if (unfinished !== undefined && (await this.#resume(id, unfinished, read))) return;
    if (await this.#collect(id, await read(method, this.#known(id)), read)) return;
    this.countResync(id);
    if (await this.#collect(id, await read(REPORT, null), read)) return;
    throw new TypeError('the full state was requested, and the answer is only a delta');
  }

  /** Goes on with pages that an earlier request did not get to; `false` when the node does not have them any more. */
  async #resume(id: Id, { incarnation, version, nextPage, model }: UnfinishedReport, read: Read): Promise<boolean> {
    const report = await read(REPORT, { incarnation, version, page: nextPage });
    const continues = isPage(report) && report.version === version && report.changes.page === nextPage;
    if (!(await this.#collect(id, report, read, continues ? model : undefined))) return false;
    // The version that was read may be old by now.
    return this.#collect(id, await read(REPORT, this.#known(id)), read);
  }

  /**
   * Applies a report, and the other pages where it is one of several; `false` when it does not fit.
   *
   * @param soFar what the pages before it led to
   */
  async #collect(id: Id, first: NodeReport, read: Read, soFar?: NodeModel): Promise<boolean> {
    if (!isPage(first)) return this.#take(id, first, undefined);
    const { incarnation, version } = first;
    let model = soFar;
    const apply = (report: PageReport): boolean => {
      if (report.changes.isLast) {
        this.#unfinished.delete(id);
        return this.#take(id, report, model);
      }
      model = applyChanges(model, version, report.changes, this.#nowOf(id, report));
      if (model === undefined) return false;
      // Kept over the time limit of the request: over a slow link, no limit may be long enough for all of them.
      this.#unfinished.set(id, { incarnation, version, nextPage: report.changes.page + 1, model });
      return true;
    };
    let isComplete = first.changes.isLast;
    if (!apply(first)) return false;
    const source = { read: (held: HeldVersion) => read(REPORT, held), monotonic: () => this.#ports.monotonic() };
    for await (const report of furtherPages(first, source)) {
      if (!apply(report)) return false;
      isComplete = report.changes.isLast;
    }
    return isComplete;
  }

  /**
   * Applies a pushed report; returns `false` when it does not build on the state held here.
   *
   * @throws TypeError when it makes no sense
   */
  accept(id: Id, text: unknown): boolean {
    return this.#take(id, decodeReport(text), undefined);
  }

  #take(id: Id, report: NodeReport, soFar: NodeModel | undefined): boolean {
    const { incarnation, version, changes } = report;
    const held = this.#held(id, incarnation);
    // An answer may be overtaken by what the node pushed meanwhile.
    if (held !== undefined && held.version > version) return true;
    const model = applyChanges(soFar ?? held?.model, version, changes, this.#nowOf(id, report));
    if (model === undefined) return false;
    const received = { timestamp: this.#ports.now(), monotonic: this.#ports.monotonic() };
    // What comes over the link is of the incarnation that it is with.
    const state = createNodeState(id, report, model, received);
    if (!isNewer(state, this.#states.get(id), incarnation)) return true;
    this.#states.set(id, state);
    this.#changed$.next();
    return true;
  }

  #held(id: Id, incarnation: number): NodeState | undefined {
    const held = this.states.get(id);
    return held?.incarnation === incarnation ? held : undefined;
  }

  /**
   * The clock by which rows of this node compute their uptime and their latency: it stands still between two reports, so
   * that the rows of a node that is lost keep showing how it was. Another life of the node has a clock of its own.
   */
  #nowOf(id: Id, report: NodeReport): Now {
    const { incarnation } = report;
    const held = this.#clocks.get(id);
    const clock = held?.incarnation === incarnation ? held : { incarnation, reportedMs: 0 };
    this.#clocks.set(id, clock);
    clock.reportedMs = monotonicOf(report);
    return () => clock.reportedMs;
  }

  forget(id: Id): void {
    if (this.#states.delete(id)) this.#changed$.next();
    this.#gaps.delete(id);
    this.#unfinished.delete(id);
    this.#clocks.delete(id);
  }

  #known(id: Id): HeldVersion | null {
    const held = this.states.get(id);
    return held === undefined ? null : { incarnation: held.incarnation, version: held.version };
  }
}
