/** How often a process may join one group. It limits the length of the member lists of every node. */
export const MAX_JOINS = 1000;

/**
 * An item that announces how often a process of the sending node has joined a group. 0: it is not a member any more.
 */
export type MemberItem = readonly ['member', group: string, processId: string, joins: number];

/** A process that is a member of a group. */
export interface GroupMember {
  /** The node of the process; `undefined`: this node. */
  readonly nodeId: string | undefined;
  readonly processId: string;
  readonly life: string;
  /** How often the process has joined the group. */
  readonly joins: number;
}

/** The group members of one node, by group. */
class Membership {
  readonly life: string;
  readonly #groups = new Map<string, Map<string, number>>();

  constructor(life: string) {
    this.life = life;
  }

  groups(): readonly string[] {
    return [...this.#groups.keys()];
  }

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  joins(group: string, processId: string): number {
    return this.#groups.get(group)?.get(processId) ?? 0;
  }

  of(group: string): readonly (readonly [processId: string, joins: number])[] {
    const members = this.#groups.get(group);
    return members === undefined ? [] : [...members];
  }

  set(group: string, processId: string, joins: number): void {
    const members = this.#groups.get(group) ?? new Map<string, number>();
    if (joins > 0) {
      members.set(processId, joins);
      this.#groups.set(group, members);
      return;
    }
    members.delete(processId);
    if (members.size === 0) this.#groups.delete(group);
  }
}

/**
 * All groups as one node knows them: its own members, and copies of the members of each node with a channel. Only the
 * node of a process announces its memberships. The copies of a node are dropped when its channel ends, so that no
 * member belongs to an unconnected node. This class uses no clock and no I/O.
 */
export class GroupMembers {
  readonly #own: Membership;
  readonly #nodes = new Map<string, Membership>();
  /** The groups of each process of this node. */
  readonly #groupsOf = new Map<string, Set<string>>();

  constructor(life: string) {
    this.#own = new Membership(life);
  }

  /** Adds a node whose channel has opened; its members are not known yet. Returns the items to send to that node. */
  up(nodeId: string, life: string): readonly MemberItem[] {
    this.#nodes.set(nodeId, new Membership(life));
    return this.#own
      .groups()
      .flatMap((group) =>
        this.#own.of(group).map(([processId, joins]) => ['member', group, processId, joins] as const),
      );
  }

  /** Removes a node whose channel is down. Returns the groups of which its processes were members. */
  down(nodeId: string): readonly string[] {
    const groups = this.#nodes.get(nodeId)?.groups() ?? [];
    this.#nodes.delete(nodeId);
    return groups;
  }

  receive(nodeId: string, [, group, processId, joins]: MemberItem): void {
    this.#nodes.get(nodeId)?.set(group, processId, joins);
  }

  /** Returns how often a process of this node has joined the group. 0: it is not a member. */
  joins(group: string, processId: string): number {
    return this.#own.joins(group, processId);
  }

  /** Sets how often a process of this node has joined the group. Returns the item to send to all nodes. */
  set(group: string, processId: string, joins: number): MemberItem {
    this.#own.set(group, processId, joins);
    const groups = this.#groupsOf.get(processId) ?? new Set();
    if (joins > 0) this.#groupsOf.set(processId, groups.add(group));
    else if (groups.delete(group) && groups.size === 0) this.#groupsOf.delete(processId);
    return ['member', group, processId, joins];
  }

  /** The groups of which a process of this node is a member. */
  groupsOf(processId: string): readonly string[] {
    return [...(this.#groupsOf.get(processId) ?? [])];
  }

  /** Whether the group has members. */
  has(group: string): boolean {
    if (this.#own.has(group)) return true;
    for (const members of this.#nodes.values()) if (members.has(group)) return true;
    return false;
  }

  /** The names of all groups that have members. */
  groups(): readonly string[] {
    return [...new Set([this.#own, ...this.#nodes.values()].flatMap((each) => each.groups()))];
  }

  /** The members that run on this node. */
  local(group: string): readonly GroupMember[] {
    return membersOf(group, this.#own, undefined);
  }

  /**
   * All members, those of this node first. The members of a runtime that is linked under two node ids are included
   * once.
   */
  all(group: string): readonly GroupMember[] {
    const lives = new Set([this.#own.life]);
    const others = [...this.#nodes].flatMap(([nodeId, members]) => {
      if (lives.has(members.life)) return [];
      lives.add(members.life);
      return membersOf(group, members, nodeId);
    });
    return [...this.local(group), ...others];
  }
}

function membersOf(group: string, members: Membership, nodeId: string | undefined): readonly GroupMember[] {
  const { life } = members;
  return members.of(group).map(([processId, joins]) => ({ nodeId, processId, life, joins }));
}
