import { formatCount } from '../view-model/format.js';
import type { ProcessRow } from '../view-model/view-rows.js';

/**
 * Returns the global names of a process, its groups, and the number of those that its node does not report. Each of
 * them has a label and is formatted as text. Omits empty lists and a zero.
 */
export function registrationFigures({
  registrations,
}: ProcessRow): readonly (readonly [label: string, text: string])[] {
  if (registrations === undefined) return [];
  const { globalNames, groups, omitted = 0 } = registrations;
  const lists = [
    ['global names', globalNames.map(({ name }) => name).join(', ')],
    ['groups', groups.join(', ')],
    ['not listed', omitted === 0 ? '' : formatCount(omitted)],
  ] as const;
  return lists.filter(([, text]) => text !== '');
}
