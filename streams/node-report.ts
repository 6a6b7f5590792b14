import { snapshotOf } from './create-snapshot.js';
import type { Changes } from './model-changes.js';
import type { Moment } from './moment.js';
import { type PackedLinks, packLinks, unpackLinks } from './node-links.js';
import type { NodeModel } from './node-model.js';
import { REPORT } from './report-checks.js';
import type { MemoryStats, NodeVitals, ObserverSnapshot } from './snapshot.js';
import { parse } from './validators.js';

/** A report of one node to a reader: what changed since the version that the reader holds. */
export interface NodeReport {
  /**
   * The incarnation of the node. A later incarnation has a greater number, unless the clock of the machine was set
   * back.
   */
  readonly incarnation: number;
  /** The version of the model after `changes` are applied. */
  readonly version: number;
  /** When the node made the report, ms since the epoch on the node's clock. */
  readonly timestamp: number;
  /**
   * The same moment on the node's monotonic clock, ms. Absent: the node runs a version of noex that does not report it.
   */
  readonly monotonic?: number | undefined;
  readonly memory: Omit<MemoryStats, 'timestamp'>;
  readonly vitals?: NodeVitals | undefined;
  readonly changes: Changes;
}

/** The complete state of one node, as a reader knows it. Made by applying reports of the node one after another. */
export interface NodeState {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly version: number;
  readonly model: NodeModel;
  readonly snapshot: ObserverSnapshot;
  /** When the report arrived, ms since the epoch on the reader's clock. */
  readonly receivedAt: number;
  /** The same moment on the reader's monotonic clock, ms. */
  readonly receivedMonotonic: number;
}

/**
 * The monotonic time of a node when it made the report, ms. If the report has no monotonic time, returns the wall-clock
 * time instead.
 */
export function monotonicOf({ timestamp, monotonic = timestamp }: Pick<NodeReport, 'timestamp' | 'monotonic'>): number {
  return monotonic;
}

/**
 * Makes the state of a node from a report and the model after its changes.
 *
 * @param received when the report arrived, on the reader's clocks
 */
export function createNodeState(
  nodeId: string,
  report: Omit<NodeReport, 'version' | 'changes'>,
  model: NodeModel,
  received: Moment,
): NodeState {
  const { incarnation, timestamp, memory, vitals } = report;
  const moment = { timestamp, monotonic: monotonicOf(report) };
  const snapshot = snapshotOf(model, moment, { ...memory, timestamp }, vitals);
  const { timestamp: receivedAt, monotonic: receivedMonotonic } = received;
  return { nodeId, incarnation, version: model.version, model, snapshot, receivedAt, receivedMonotonic };
}

/**
 * Writes a report as JSON text.
 *
 * @param changes the {@link Changes} as JSON text. This text is the same for all readers with the same version, so
 * the caller writes it once.
 */
export function encodeReport({ vitals, ...head }: Omit<NodeReport, 'changes'>, changes: string): string {
  const header: Omit<WireReport, 'changes'> =
    vitals === undefined ? head : { ...head, vitals: packVitals(vitals), ...linksOf(vitals) };
  return `${JSON.stringify(header).slice(0, -1)},"changes":${changes}}`;
}

/**
 * Validates and reads a report that another node sent.
 *
 * @param sent the report as a value. Versions of noex up to 0.1 send its JSON text instead.
 * @throws TypeError with the path of the invalid part
 */
export function decodeReport(sent: unknown): NodeReport {
  const report = parse(sent, REPORT, 'report') as WireReport;
  // Each field by name: a rest pattern (`...head`) is slower, and a reader can receive thousands of reports a second.
  const { incarnation, version, timestamp, monotonic, memory, vitals, links, changes } = report;
  return {
    incarnation,
    version,
    timestamp,
    monotonic,
    memory,
    vitals: vitals && unpackVitals(vitals, links),
    changes,
  };
}

/**
 * A report as it is sent. Vitals and links are lists without field names, because they make up most of an idle node's
 * report.
 */
type WireReport = Omit<NodeReport, 'vitals'> & {
  readonly vitals?: readonly number[];
  readonly links?: PackedLinks;
};

function linksOf({ links }: NodeVitals): Pick<WireReport, 'links'> {
  return links === undefined ? {} : { links: packLinks(links) };
}

function packVitals(vitals: NodeVitals): readonly number[] {
  const { eventLoopUtilization, eventLoopDelay, cpu, uptimeMs, observer, flushIntervalMs } = vitals;
  const { msPerSecond, eventsPerSecond, bytesPerSecond } = observer;
  const { p50, p99 } = eventLoopDelay;
  return [eventLoopUtilization, p50, p99, cpu, uptimeMs, msPerSecond, eventsPerSecond, bytesPerSecond, flushIntervalMs];
}

function unpackVitals(packed: readonly number[], packedLinks: PackedLinks | undefined): NodeVitals {
  const [eventLoopUtilization = 0, p50 = 0, p99 = 0, cpu = 0, uptimeMs = 0] = packed;
  const [msPerSecond = 0, eventsPerSecond = 0, bytesPerSecond = 0, flushIntervalMs = 0] = packed.slice(5);
  const observer = { msPerSecond, eventsPerSecond, bytesPerSecond };
  const vitals = { eventLoopUtilization, eventLoopDelay: { p50, p99 }, cpu, uptimeMs, observer, flushIntervalMs };
  return packedLinks === undefined ? vitals : { ...vitals, links: unpackLinks(packedLinks) };
}
