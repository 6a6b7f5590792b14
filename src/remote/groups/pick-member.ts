/** How `call` chooses among the members of a group. */
export type PickPolicy = 'local_first' | 'round_robin' | 'random' | 'least_queue';

export const PICKS: readonly unknown[] = ['local_first', 'round_robin', 'random', 'least_queue'] satisfies PickPolicy[];

/** What choosing depends on, beside the members. */
export interface PickState {
  /** How many calls of this node the group has had before. */
  readonly turn: number;
  /** 0 to below 1 */
  random(): number;
}

/** A member that can be chosen. */
export interface Candidate {
  readonly isLocal: boolean;
  /** Calls of this node that it has not answered yet. */
  readonly unanswered: number;
}

/** The members in the order in which a call is to try them. */
export function inPickOrder<Member extends Candidate>(
  members: readonly Member[],
  pick: PickPolicy,
  { turn, random }: PickState,
): readonly Member[] {
  switch (pick) {
    case 'round_robin':
      return rotated(members, turn);
    case 'random':
      return rotated(members, Math.floor(random() * members.length));
    case 'local_first':
      return [
        ...rotated(
          members.filter(({ isLocal }) => isLocal),
          turn,
        ),
        ...rotated(
          members.filter(({ isLocal }) => !isLocal),
          turn,
        ),
      ];
    case 'least_queue':
      // Rotated first: of members with equally many calls, each has its turn.
      return [...rotated(members, turn)].sort((a, b) => a.unanswered - b.unanswered);
  }
}

function rotated<Member>(members: readonly Member[], by: number): readonly Member[] {
  const at = members.length === 0 ? 0 : by % members.length;
  return [...members.slice(at), ...members.slice(0, at)];
}
