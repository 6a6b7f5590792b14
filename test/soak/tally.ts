import type { FaultNode } from '../helpers/forked-node.js';
import type { Conditions } from './conditions.js';
import type { DistributionCounts } from './distribution-load.js';
import type { MessageCounts } from './message-load.js';
import { FAULTS, type Injection, KINDS } from './schedule.js';

/** What a node has counted since it was started. */
interface Counts {
  readonly handled: number;
  readonly ups: number;
  readonly downs: number;
  readonly gaps: number;
  readonly conflations: number;
  readonly errors: Readonly<Record<string, number>>;
}

interface Memory {
  readonly heapUsed: number;
  readonly rss: number;
}

/** What happened in a soak, and how long it took to be over. */
export class Tally {
  readonly #begun = performance.now();
  readonly #seed: number;
  readonly #first: string;
  readonly #times = new Map<string, number>();
  /** How long it took until the views agreed, ms: after one fault, by kind; after two at once; and from outside. */
  readonly #took = new Map<string, number[]>();
  readonly #pairs: number[] = [];
  readonly #outside: number[] = [];
  readonly #lives = new Map<FaultNode, Counts>();
  /** Of those that live as long as the soak. */
  readonly #memory = new Map<string, Memory[]>();
  #most: Memory = { heapUsed: 0, rss: 0 };
  #messages: MessageCounts | undefined;
  /** How long it took after faults until names, groups and children agreed, ms. */
  readonly #distributed: number[] = [];
  #distribution: DistributionCounts | undefined;

  constructor(seed: number, names: readonly string[]) {
    this.#seed = seed;
    this.#first = names[0] ?? '';
  }

  get elapsedMs(): number {
    return performance.now() - this.#begun;
  }

  agreed(faults: readonly Injection[], tookMs: number, outsideMs: number): void {
    if (faults.length === 0) return;
    for (const { kind } of faults) this.#times.set(kind, (this.#times.get(kind) ?? 0) + 1);
    const [first, second] = faults;
    if (second !== undefined) this.#pairs.push(tookMs);
    else if (first !== undefined) listOf(this.#took, first.kind).push(tookMs);
    this.#outside.push(outsideMs);
  }

  /** Of the messages between nodes since the start. */
  messages(counts: MessageCounts): void {
    this.#messages = counts;
  }

  /** Of the names, groups and children since the start. */
  distributed(faults: readonly Injection[], tookMs: number, counts: DistributionCounts): void {
    if (faults.length > 0) this.#distributed.push(tookMs);
    this.#distribution = counts;
  }

  measured(node: FaultNode, memory: Memory, counts: Counts): void {
    const before = this.#lives.get(node);
    // Of who is forgotten, the gaps are, too.
    const gaps = Math.max(before?.gaps ?? 0, counts.gaps);
    this.#lives.set(node, { ...counts, gaps });
    if (node.isOutside || node.name === this.#first) listOf(this.#memory, node.name).push(memory);
    this.#most = {
      heapUsed: Math.max(this.#most.heapUsed, memory.heapUsed),
      rss: Math.max(this.#most.rss, memory.rss),
    };
  }

  /** By how much the heap of those that live as long as the soak is larger in the end than in the middle, bytes. */
  grown(): number {
    return Math.max(...[...this.#memory.values()].map(course).map(([, middle = 0, end = 0]) => end - middle));
  }

  /** All of it, in Markdown. */
  summary(nodes: number, { settings, boundMs }: Conditions, violations: number): string {
    const lives = [...this.#lives.values()];
    const sum = (of: (counts: Counts) => number): string => figure(lives.reduce((all, counts) => all + of(counts), 0));
    const errors = new Map<string, number>();
    for (const [code, count] of lives.flatMap((counts) => Object.entries(counts.errors)))
      errors.set(code, (errors.get(code) ?? 0) + count);
    const facts = [
      ['time', `${(this.elapsedMs / 60_000).toFixed(1)} min`],
      ['seed', String(this.#seed)],
      ['nodes', `${nodes}, and one observer attached from outside`],
      ['settings', Object.entries(settings).flat().join(' ') || 'as they come'],
      ['all views have to agree within', time(boundMs)],
      ['faults', figure([...this.#times.values()].reduce((sum, times) => sum + times, 0))],
      ['`node_up` and `node_down` reported', `${sum(({ ups }) => ups)} and ${sum(({ downs }) => downs)}`],
      ['messages counted by processes themselves', sum(({ handled }) => handled)],
      ...this.#messageFacts(),
      ...this.#distributionFacts(),
      ['gaps, after each of which the full state was requested', sum(({ gaps }) => gaps)],
      ['conflations', sum(({ conflations }) => conflations)],
      ['errors reported', [...errors].map(([code, count]) => `${count} ${code}`).join(', ') || 'none'],
      ...[...this.#memory].map(([name, all]) => [
        `heap of ${name}: start, middle, end`,
        course(all).map(mebibytes).join(', '),
      ]),
      ['most any node held: heap, RSS', `${mebibytes(this.#most.heapUsed)}, ${mebibytes(this.#most.rss)}`],
      ['**violations**', `**${violations}**`],
    ];
    const rows = [
      ...KINDS.map((kind) => [FAULTS[kind].name, this.#times.get(kind) ?? 0, this.#took.get(kind) ?? []] as const),
      ['two of these at once', this.#pairs.length, this.#pairs] as const,
      ['all of these, seen from outside', this.#outside.length, this.#outside] as const,
    ];
    return [
      '| what | |\n| --- | --- |',
      ...facts.map((fact) => `| ${fact.join(' | ')} |`),
      '\n| fault | times | median until all views agree, where it was alone | worst |\n| --- | ---: | ---: | ---: |',
      ...rows.map(
        ([name, times, took]) => `| ${name} | ${times} | ${time(median(took))} | ${time(Math.max(...took))} |`,
      ),
    ].join('\n');
  }

  #distributionFacts(): readonly (readonly [string, string])[] {
    if (this.#distribution === undefined) return [];
    const { names, registered, refused, joined, children, started, moved, led, stopped } = this.#distribution;
    const byReason = Object.entries(stopped).map(([why, count]) => `${figure(count)} ${why}`);
    const took = `${time(median(this.#distributed))}, ${time(Math.max(...this.#distributed))}`;
    return [
      ['global names in the end', figure(names)],
      ['registrations of global names: resolved, rejected', `${figure(registered)}, ${figure(refused)}`],
      ['groups joined again', figure(joined)],
      ['children of the distributed supervisor', figure(children)],
      ['starts of children, of which on another node', `${figure(started)}, ${figure(moved)}`],
      ['times an instance became the leader', figure(led)],
      ['children that their nodes stopped', byReason.join(', ') || 'none'],
      ['until names, groups and children agree after a fault: median, worst', took],
    ];
  }

  #messageFacts(): readonly (readonly [string, string])[] {
    if (this.#messages === undefined) return [];
    const { handled, replies, notHandled } = this.#messages;
    return [
      ['messages between nodes, handled', figure(handled)],
      ['calls between nodes, answered', figure(replies)],
      ['messages that were reported as not handled', figure(notHandled)],
    ];
  }
}

function listOf<Item>(lists: Map<string, Item[]>, name: string): Item[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/** The heap at the start, in the middle, and in the end: in a tenth of the time each, so that one moment decides nothing. */
function course(all: readonly Memory[]): readonly number[] {
  const width = Math.max(1, Math.floor(all.length / 10));
  const starts = [0, Math.floor((all.length - width) / 2), all.length - width];
  return starts.map((at) => median(all.slice(at, at + width).map(({ heapUsed }) => heapUsed)));
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function time(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function figure(number: number): string {
  return number.toLocaleString('en');
}
