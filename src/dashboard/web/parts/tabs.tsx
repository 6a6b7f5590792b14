import { formatCount } from '../../view-model/format.js';
import { severityOf } from '../../view-model/log-lines.js';
import { useDashboard } from '../model/dashboard-context.js';
import { onPlainClick } from '../model/plain-click.js';
import { VIEWS, type ViewName } from '../model/url-state.js';
import { Icon } from './icon.js';

const TITLES: Record<ViewName, string> = {
  processes: 'Processes',
  tree: 'Tree',
  log: 'Log',
  charts: 'Charts',
  names: 'Names',
};

export function Tabs() {
  const { router } = useDashboard();
  const current = router.address.value.view;
  return (
    <nav class="tabs" aria-label="Views">
      {VIEWS.map((view) => (
        <a
          key={view}
          href={router.link({ view })}
          aria-current={view === current ? 'page' : undefined}
          onClick={onPlainClick(() => router.go({ view }))}
        >
          <Icon name={view} />
          {TITLES[view]}
          <TabCount view={view} />
        </a>
      ))}
    </nav>
  );
}

/**
 * The count in a tab: the number of processes, or the number of log entries with the severity `bad`, unless that is
 * zero. Other tabs have no count.
 */
function TabCount({ view }: { readonly view: ViewName }) {
  const { summary, live } = useDashboard();
  if (view === 'processes') return <span class="count">{formatCount(summary.value?.processes)}</span>;
  if (view !== 'log') return null;
  const bad = live.log.value.filter(({ entry }) => severityOf(entry) === 'bad').length;
  if (bad === 0) return null;
  return (
    <span class="count is-bad">
      {formatCount(bad)}
      <span class="visually-hidden"> problems</span>
    </span>
  );
}
