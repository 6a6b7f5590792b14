import { agreedOn, askAbout, childSpec, type DistributionView } from '../helpers/fault-distribution.js';
import type { FaultNode } from '../helpers/forked-node.js';

/** Twice as many as nodes, in a soak of five. Every second one has a global name. */
const CHILDREN = Array.from({ length: 10 }, (_, at) => `job${at}`);
const SUPERVISOR = {
  name: 'jobs',
  nodeSelector: 'round_robin',
  // Each lost node counts as a restart.
  restartIntensity: { maxRestarts: 10_000, withinMs: 1000 },
  children: CHILDREN.map((id, at) => childSpec(id, at % 2 === 0)),
} as const;

/** What the names, groups and children of all nodes have come to. */
export interface DistributionCounts {
  /** Global names now, those of children included. */
  readonly names: number;
  readonly registered: number;
  /** Registrations that failed, because another process had the name or a node did not answer. */
  readonly refused: number;
  readonly joined: number;
  readonly children: number;
  readonly started: number;
  readonly moved: number;
  readonly led: number;
  /** Children that nodes stopped by themselves, by reason. */
  readonly stopped: Readonly<Record<string, number>>;
}

/** Global names, groups and a distributed supervisor on all nodes, which change all the time. */
export class DistributionLoad {
  /** Each life of a node, as it was last seen. */
  readonly #views = new Map<FaultNode, DistributionView>();
  readonly #nodes: FaultNode[] = [];

  get counts(): DistributionCounts {
    const views = [...this.#views.values()];
    const sum = (of: (view: DistributionView) => number): number => views.reduce((all, view) => all + of(view), 0);
    // These arrive as they happen, also from nodes that have ended since they were last seen.
    const events = this.#nodes.flatMap(({ childEvents }) => childEvents);
    const stopped: Record<string, number> = {};
    for (const { why } of events) if (why !== undefined) stopped[why] = (stopped[why] ?? 0) + 1;
    return {
      names: Object.keys(views.at(-1)?.names ?? {}).length,
      registered: sum(({ counts }) => counts.registered),
      refused: sum(({ counts }) => counts.refused),
      joined: sum(({ counts }) => counts.joined),
      children: CHILDREN.length,
      started: events.filter(({ type }) => type === 'started').length,
      moved: sum(({ counts }) => counts.moved),
      led: sum(({ counts }) => counts.led),
      stopped,
    };
  }

  /** Starts names, groups and an instance of the supervisor on a node. */
  async start(node: FaultNode): Promise<void> {
    this.#nodes.push(node);
    await askAbout(node, 'load', { node: node.name, supervisor: SUPERVISOR });
  }

  /**
   * Resolves when each name has one owner, which lives, all nodes agree on all names and groups, and each child runs
   * once, with how long that took, ms. Rejects with what is wrong, also with what was wrong at some moment before.
   */
  async check(nodes: readonly FaultNode[], boundMs: number): Promise<number> {
    await Promise.all(nodes.map((node) => askAbout(node, 'setChanging', false)));
    const tookMs = await agreedOn(nodes, CHILDREN, boundMs);
    const problems: string[] = [];
    for (const node of nodes) {
      const view = await askAbout(node, 'view');
      this.#views.set(node, view);
      problems.push(...view.problems.map((problem) => `${node.name}: ${problem}`));
    }
    if (problems.length > 0) throw new Error(problems.join('\n'));
    await Promise.all(nodes.map((node) => askAbout(node, 'setChanging', true)));
    return tookMs;
  }
}
