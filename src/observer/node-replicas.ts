import { map, type Observable, Subject, startWith } from 'rxjs';
import { applyChanges } from '../../streams/model-changes.js';
import type { NodeModel } from '../../streams/node-model.js';
import {
  createNodeState,
  decodeReport,
  monotonicOf,
  type NodeReport,
  type NodeState,
} from '../../streams/node-report.js';
import { isNewer, type NodeStates } from '../../streams/node-states.js';
import type { Now } from '../../streams/snapshot-rows.js';
import { NodeTimeoutError } from '../errors.js';
import { type HeldVersion, REPORT } from './protocol.js';
import { furtherPages, isPage, type PageReport } from './report-pages.js';

/** How long the answers of a node may take, in total and each. */
export interface TimeBudget {
  /** The time left for the next answer, ms. At 0 or less, no more requests are sent. */
  left(): number;
  /** The limit that a time-out error names, ms. */
  readonly timeoutMs: number;
}

/**
 * Makes a time budget that begins now.
 *
 * @param allMs the limit for all answers together, ms
 * @param eachMs the limit for each answer, ms
 */
export function timeBudget(allMs: number, monotonic: () => number, eachMs = allMs): TimeBudget {
  const begun = monotonic();
  return { left: () => Math.min(eachMs, allMs - (monotonic() - begun)), timeoutMs: eachMs };
}

/** Sends one request to the node that is being read. */
type Read = (method: string, known: HeldVersion | null) => Promise<NodeReport>;

/** The state of a read in pages that is not complete yet. */
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

/**
 * Holds the state of each node, which is built from the reports of that node. Each further report needs to have only
 * the changes since the held version. Polls and watches share one instance.
 */
export class NodeReplicas<Id extends string> {
  readonly #ports: NodeReplicasPorts<Id>;
  readonly #states = new Map<string, NodeState>();
  readonly #changed$ = new Subject<void>();
  readonly #gaps = new Map<Id, number>();
  readonly #unfinished = new Map<Id, UnfinishedReport>();
  /** For each node: the monotonic time of its latest report, ms, and the incarnation that sent the report. */
  readonly #clocks = new Map<Id, { readonly incarnation: number; reportedMs: number }>();

  constructor(ports: NodeReplicasPorts<Id>) {
    this.#ports = ports;
  }

  /**
   * The newest state of each node. Do not keep this map, because it is updated in place. A copy for each change would
   * take time in proportion to the number of nodes.
   */
  get states(): NodeStates {
    return this.#states;
  }

  /** Emits {@link states} at once and after each change. */
  get states$(): Observable<NodeStates> {
    return this.#changed$.pipe(
      startWith(undefined),
      map(() => this.#states),
    );
  }

  /** How often a report of this node did not fit its held state, so that another report was requested. */
  gaps(id: Id): number {
    return this.#gaps.get(id) ?? 0;
  }

  /** Counts a report of this node that did not fit its held state. See {@link gaps}. */
  countResync(id: Id): void {
    this.#gaps.set(id, this.gaps(id) + 1);
  }

  /**
   * Asks a node for a report and applies it, with the further pages of the report if there are any. With the method
   * {@link REPORT}, first continues an unfinished read in pages. If a report does not fit the held state, requests and
   * applies the full state.
   *
   * Rejects with the error of a request, with NodeTimeoutError when the time is used up, or with TypeError if an answer
   * is not a valid report or does not contain the requested full state.
   */
  async ask(id: Id, method: string, { timeoutMs, left }: TimeBudget): Promise<void> {
    const read: Read = async (as, known) => {
      const rest = left();
      if (rest <= 0) throw new NodeTimeoutError(id, timeoutMs);
      try {
        return decodeReport(await this.#ports.request(id, as, known, rest));
      } catch (thrown) {
        // The limit of this request may be shorter than `timeoutMs`, but the error names `timeoutMs`.
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

  /**
   * Continues an unfinished read in pages. Returns `false` if the node no longer has the version of the read, or if the
   * report of the later changes does not fit the model that was read.
   */
  async #resume(id: Id, { incarnation, version, nextPage, model }: UnfinishedReport, read: Read): Promise<boolean> {
    const report = await read(REPORT, { incarnation, version, page: nextPage });
    const continues = isPage(report) && report.version === version && report.changes.page === nextPage;
    if (!(await this.#collect(id, report, read, continues ? model : undefined))) return false;
    // Reading the pages may have taken long, so the changes since `version` are requested too.
    return this.#collect(id, await read(REPORT, this.#known(id)), read);
  }

  /**
   * Applies a report. If it is a page, reads and applies the pages after it. Returns `false` if a report does not fit
   * the held state, or if pages are missing.
   *
   * @param soFar the model after the earlier pages
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
      // Kept for the next request: over a slow link, reading all pages may exceed the time limit of one request.
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
   * Applies a report that the node pushed. Returns `false` if the report does not fit the held state of the node.
   *
   * @throws TypeError if `text` is not a valid report
   */
  accept(id: Id, text: unknown): boolean {
    return this.#take(id, decodeReport(text), undefined);
  }

  #take(id: Id, report: NodeReport, soFar: NodeModel | undefined): boolean {
    const { incarnation, version, changes } = report;
    const held = this.#held(id, incarnation);
    // The node may have pushed a newer report while this answer was on its way. Then there is nothing to apply.
    if (held !== undefined && held.version > version) return true;
    const model = applyChanges(soFar ?? held?.model, version, changes, this.#nowOf(id, report));
    if (model === undefined) return false;
    const received = { timestamp: this.#ports.now(), monotonic: this.#ports.monotonic() };
    const state = createNodeState(id, report, model, received);
    // Reports arrive only from the linked incarnation, so this incarnation is the third argument.
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
   * The clock with which rows of this node compute their uptime and latency. The clock advances only with each report,
   * so the rows of a lost node keep showing its last known state. Each incarnation of the node has its own clock.
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
