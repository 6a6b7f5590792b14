import type { DistributedSupervisorOptions } from '../../src/distributed-supervisor/distributed-options.js';
import { eventually } from './eventually.js';
import type { Counts } from './fault-answers.js';
import type { FaultNode } from './forked-node.js';

/** What happened to a child of a distributed supervisor, on one node. */
export interface ChildEvent {
  readonly type: 'started' | 'ended' | 'stopped';
  readonly childId: string;
  /** By the clock that all processes of the machine share, ms. */
  readonly at: number;
  /** Why the node stopped it by itself. */
  readonly why?: string;
}

/** A process: its life and its id. */
type Key = string;

/** The names, groups and children of a distributed supervisor, as one node has them. */
export interface DistributionView {
  readonly names: Readonly<Record<string, Key>>;
  /** The processes of this node that were given a name and run. */
  readonly held: Readonly<Record<string, Key>>;
  readonly groups: Readonly<Record<string, readonly Key[]>>;
  readonly localGroups: Readonly<Record<string, readonly Key[]>>;
  /** The children whose processes run on this node. */
  readonly running: readonly (readonly [childId: string, Key])[];
  /** For each instance of a supervisor on this node, where its children run. */
  readonly children: readonly Readonly<Record<string, Key | null>>[];
  /** What was wrong at some moment. */
  readonly problems: readonly string[];
  readonly counts: {
    readonly registered: number;
    readonly refused: number;
    readonly joined: number;
    readonly moved: number;
    readonly led: number;
    /** Children that this node stopped by itself, by reason. */
    readonly stopped: Counts;
  };
}

interface Questions {
  /** Starts a process with a global name. Returns `held`, or the code of the error. */
  register: (name: string) => string;
  /** Starts an instance of a distributed supervisor. Returns `started`, or the code of the error. */
  supervise: (options: DistributedSupervisorOptions) => string;
  /** Changes names and groups all the time. */
  load: (options: { readonly node: string; readonly supervisor: DistributedSupervisorOptions }) => void;
  /** Whether the load also ends processes and memberships. */
  setChanging: (isOn: boolean) => void;
  view: () => DistributionView;
}

/** The global names of children start with this. */
const CHILD_NAME = 'child/';

/** Asks a node something about its names, groups and supervisors. */
export async function askAbout<Method extends keyof Questions>(
  node: FaultNode,
  method: Method,
  ...[argument]: Parameters<Questions[Method]>
): Promise<ReturnType<Questions[Method]>> {
  return (await node.ask('distribution', [method, argument])) as ReturnType<Questions[Method]>;
}

/** A child that every fault node can run. Its global name, if it has one, is `child/` and its id. */
export function childSpec(id: string, isNamed: boolean) {
  return { id, behavior: 'child', args: id, ...(isNamed && { name: CHILD_NAME + id }) };
}

/** The current time by the clock of child events, ms. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Resolves when these connected nodes agree on all names, groups and children, and each child runs once. Returns how
 * long that took, ms.
 *
 * @param childIds the children of the supervisor of which each node has an instance
 */
export async function agreedOn(
  nodes: readonly FaultNode[],
  childIds: readonly string[],
  boundMs: number,
): Promise<number> {
  return eventually(boundMs, async () =>
    disagreement(await Promise.all(nodes.map((node) => askAbout(node, 'view'))), childIds),
  );
}

/** What the views of connected nodes contradict each other in; `undefined` if they agree. */
function disagreement(views: readonly DistributionView[], childIds: readonly string[]): string | undefined {
  const [first] = views;
  if (first === undefined) return undefined;
  for (const { names, groups } of views) {
    if (!isSame(names, first.names)) return `names differ: ${text(names)} and ${text(first.names)}`;
    if (!isSame(groups, first.groups)) return `groups differ: ${text(groups)} and ${text(first.groups)}`;
  }
  return wrongNames(first, views) ?? wrongGroups(first, views) ?? wrongChildren(views, childIds);
}

/** Each name has one owner, which lives, and nothing else that lives has it. */
function wrongNames({ names }: DistributionView, views: readonly DistributionView[]): string | undefined {
  const holders = views.flatMap(({ held, running }) => [
    ...Object.entries(held),
    ...running.map(([childId, key]) => [CHILD_NAME + childId, key] as const),
  ]);
  for (const [name, owner] of Object.entries(names)) {
    const keys = holders.filter(([held]) => held === name).map(([, key]) => key);
    if (keys.length !== 1 || keys[0] !== owner)
      return `${name} is owned by ${owner}, and those that have it are ${keys}`;
  }
  const without = holders.find(([name]) => names[name] === undefined && !name.startsWith(CHILD_NAME));
  return without && `${without[1]} has the name ${without[0]}, which has no owner`;
}

function wrongGroups({ groups }: DistributionView, views: readonly DistributionView[]): string | undefined {
  for (const [group, members] of Object.entries(groups)) {
    const local = views.flatMap(({ localGroups }) => localGroups[group] ?? []).sort();
    if (text(local) !== text(members)) return `group ${group} has ${members}, and its members are ${local}`;
  }
  return undefined;
}

/** Each child runs once, where all instances have it. */
function wrongChildren(views: readonly DistributionView[], childIds: readonly string[]): string | undefined {
  const running = views.flatMap((view) => view.running);
  for (const id of childIds) {
    const keys = running.filter(([childId]) => childId === id).map(([, key]) => key);
    if (keys.length !== 1) return `child ${id} runs ${keys.length} times`;
    for (const { children } of views) {
      if (children.length !== 1) return `a node has ${children.length} instances of the supervisor`;
      if (children[0]?.[id] !== keys[0]) return `child ${id} is ${keys[0]}, and an instance has ${children[0]?.[id]}`;
    }
  }
  return undefined;
}

function isSame(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => text(one[name]) === text(other[name]));
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
