import type { GroupRow, NameRow, NamesTable } from '../view-model/names.js';
import type { ProcessRow } from '../view-model/view-rows.js';

/** A line of the names view: a global name, a group, or a member of the group above. */
export type NamesLine =
  | { readonly type: 'name'; readonly key: string; readonly row: NameRow }
  | { readonly type: 'group'; readonly key: string; readonly row: GroupRow; readonly isExpanded: boolean }
  | { readonly type: 'member'; readonly key: string; readonly row: ProcessRow };

/** Returns the lines of the names view: the names, then the groups. Lists the members of the groups in `expanded`. */
export function namesLines({ names, groups }: NamesTable, expanded: ReadonlySet<string>): readonly NamesLine[] {
  return [
    ...names.map((row): NamesLine => ({ type: 'name', key: row.key, row })),
    ...groups.flatMap((row): readonly NamesLine[] => {
      const isExpanded = expanded.has(row.key) && row.memberCount > 0;
      const members = isExpanded ? row.nodes.flatMap((node) => node.members) : [];
      return [
        { type: 'group', key: row.key, row, isExpanded },
        ...members.map((member): NamesLine => ({ type: 'member', key: `${row.key} ${member.key}`, row: member })),
      ];
    }),
  ];
}
