import { summaryOf } from '../view-model/cluster-view.js';
import { formatAge, formatCount, formatRate } from '../view-model/format.js';
import { type Log, severityOf } from '../view-model/log-lines.js';
import { visibleText } from '../view-model/visible-text.js';
import { nodeMark, STATUSES } from './node-display.js';
import { type State, VIEWS, type View } from './state.js';
import { type Part, SplitLine, widthOfParts } from './styled-line.js';
import { MARK } from './symbols.js';

/** The minimum age of data that the header marks with a warning, ms. */
const STALE_MS = 5000;

const TITLES: Readonly<Record<View, string>> = {
  processes: 'Processes',
  nodes: 'Nodes',
  tree: 'Tree',
  log: 'Log',
  names: 'Names',
};
/** The titles of the tabs on narrow terminals. */
const SHORT_TITLES: typeof TITLES = { ...TITLES, processes: 'Procs' };
/** No titles: each tab shows only its number, except the active tab, which keeps its title. */
const NO_TITLES: Partial<typeof TITLES> = {};

/** The header, in three lines: the status of the nodes, the figures of the cluster, and the tabs. */
export function Header({ state }: { readonly state: State }) {
  const { shown, size, title } = state;
  const summary = summaryOf(shown.view);
  const counts: readonly Part[] = [
    ' ',
    ['strong', formatCount(summary.processes)],
    ' processes  ',
    ['strong', formatRate(summary.rate)],
    ' msg/s  queue ',
    ['strong', formatCount(summary.queue)],
    '  ',
    ['strong', formatCount(summary.restarts)],
    ' restarts',
  ];
  return (
    <>
      <SplitLine
        left={[' ', ['accent', 'noex'], '  ', visibleText(title)]}
        right={[...statuses(state), ' ']}
        width={size.columns}
      />
      <SplitLine left={counts} right={[...freshness(state, summary.oldestHeardAt), ' ']} width={size.columns} />
      <SplitLine {...tabsAndPosition(state)} width={size.columns} />
    </>
  );
}

function statuses({ shown }: State): readonly Part[] {
  return STATUSES.flatMap((status): readonly Part[] => {
    const count = shown.view.nodes.filter(({ node }) => node.status === status).length;
    if (count === 0) return [];
    const [tone, mark] = nodeMark(status);
    return ['  ', [tone, `${mark} ${count} ${status}`]];
  });
}

function freshness({ now, paused, hasEnded, shown }: State, heardAt: number | undefined): readonly Part[] {
  const age = heardAt === undefined ? undefined : Math.max(0, now - heardAt);
  const text = `data ${formatAge(age)} old`;
  if (paused !== undefined) return ['  ', ['warn', `${MARK.paused} PAUSED, ${text}`]];
  if (hasEnded) return ['  ', ['bad', `${MARK.lost} no more data, ${text}`]];
  if (shown.view.nodes.length === 0) return ['  ', ['dim', 'no data yet']];
  return age !== undefined && age < STALE_MS ? ['  ', text] : ['  ', ['warn', `${MARK.warning} ${text}`]];
}

/**
 * Returns the tabs and, to their right, the filter and the position of the cursor. If the line is too narrow, the tab
 * titles are shortened. If the line is still too narrow, the position is omitted, with full or else short titles. At
 * last, the titles of the inactive tabs are omitted as well, so that every tab stays visible.
 */
function tabsAndPosition(state: State): { readonly left: readonly Part[]; readonly right: readonly Part[] } {
  const beside: readonly Part[] = [...filterAndPosition(state), ' '];
  const choices = [
    { left: tabs(state, TITLES), right: beside },
    { left: tabs(state, SHORT_TITLES), right: beside },
    { left: tabs(state, TITLES), right: filterOfView(state) },
    { left: tabs(state, SHORT_TITLES), right: filterOfView(state) },
    { left: tabs(state, NO_TITLES), right: filterOfView(state) },
  ] as const;
  const fits = ({ left, right }: (typeof choices)[number]): boolean =>
    widthOfParts(left) + widthOfParts(right) <= state.size.columns;
  return choices.find(fits) ?? choices[4];
}

function tabs({ view: active, shown, log }: State, titles: Partial<typeof TITLES>): readonly Part[] {
  const alarm = unreadAlarms(shown.log, log.readUpTo);
  return VIEWS.flatMap((view, index): readonly Part[] => {
    const title = titles[view] ?? (view === active ? TITLES[view] : undefined);
    const label = title === undefined ? `${index + 1}` : `${index + 1} ${title}`;
    // The brackets also mark the active tab on terminals without styles.
    if (view === active) return [['accent', `[${label}]`]];
    return view === 'log' && alarm > 0 ? [` ${label} `, ['bad', `${MARK.lost} ${formatCount(alarm)}`]] : [` ${label} `];
  });
}

/** Returns the number of log entries with a number above `read` whose severity is `bad`. */
function unreadAlarms(log: Log, read: number): number {
  return log.filter(({ number, entry }) => number > read && severityOf(entry) === 'bad').length;
}

/**
 * Returns the filter of the view and the position of its cursor. For a paused log, also returns the number of new
 * entries. Returns no parts for the view of the nodes.
 */
function filterAndPosition(state: State): readonly Part[] {
  const { view, processes, log, shown, paused } = state;
  if (view === 'processes') {
    const all = shown.view.nodes.reduce((sum, each) => sum + each.processes.length, 0);
    return [...filterOfView(state), ...position(processes.cursor.index, processes.rows.length, all)];
  }
  if (view === 'tree') {
    const { cursor, lines } = state.tree;
    return [...filterOfView(state), ...position(cursor.index, lines.length)];
  }
  if (view === 'names') {
    const { cursor, lines } = state.names;
    return [...filterOfView(state), ...position(cursor.index, lines.length)];
  }
  if (view !== 'log') return [];
  const waiting: readonly Part[] = paused === undefined ? [] : [['warn', `${formatCount(paused.entries)} new`], '  '];
  return [...filterOfView(state), ...waiting, ...position(log.cursor.index, log.lines.length, shown.log.length)];
}

/** Returns the text of the filter of the view. Returns no parts if there is no filter and the user types none. */
function filterOfView({ view, isTypingFilter, processes, log }: State): readonly Part[] {
  if (view === 'log') return filterParts(log.filter, isTypingFilter);
  return view === 'nodes' ? [] : filterParts(processes.filter.text ?? '', isTypingFilter);
}

function filterParts(text: string, isTypingFilter: boolean): readonly Part[] {
  if (isTypingFilter) return [['accent', `/${visibleText(text)}█`], '  '];
  return text === '' ? [] : [['accent', `/${visibleText(text)}`], '  '];
}

function position(index: number, count: number, all = count): readonly Part[] {
  const at = count === 0 ? '0' : formatCount(index + 1);
  const of = `${at} of ${formatCount(count)}`;
  return [['dim', count === all ? of : `${of} (${formatCount(all)} in all)`]];
}
