import { useSignalEffect } from '@preact/signals';
import { useDashboard } from '../model/dashboard-context.js';
import { useShortcuts } from '../model/shortcuts.js';
import type { ViewName } from '../model/url-state.js';
import { Charts } from './charts-view.js';
import { Help } from './help.js';
import { LogView } from './log-view.js';
import { NamesView } from './names-view.js';
import { Nodes } from './node-list.js';
import { PageHeader } from './page-header.js';
import { Detail } from './process-details.js';
import { ProcessGrid } from './process-grid.js';
import { ProcessTree } from './process-tree.js';
import { Tabs } from './tabs.js';

const VIEW_COMPONENTS: Record<ViewName, () => preact.JSX.Element> = {
  processes: ProcessGrid,
  tree: ProcessTree,
  log: LogView,
  charts: Charts,
  names: NamesView,
};

export function Page() {
  const dashboard = useDashboard();
  useShortcuts(dashboard);
  useTitle();
  const { view, process } = dashboard.router.address.value;
  const Content = VIEW_COMPONENTS[view];
  return (
    <>
      <button type="button" class="skip" onClick={skipToContent}>
        Skip to the {view}
      </button>
      <div class="page">
        <PageHeader />
        <Nodes />
        <Tabs />
        <main id="content" tabIndex={-1} aria-label={view}>
          <Content key={view} />
        </main>
        {process !== undefined && <Detail key={process} processKey={process} />}
      </div>
      <Help />
    </>
  );
}

/** Moves the focus to the content. An anchor link cannot do this, because the fragment of the URL stores the view. */
function skipToContent(): void {
  const content = document.getElementById('content');
  const target = content?.querySelector<HTMLElement>('[tabindex="0"]') ?? content;
  target?.focus();
}

/** Shows the state of the cluster in the page's title. The title stays visible while the browser shows another tab. */
function useTitle(): void {
  const { summary, live } = useDashboard();
  useSignalEffect(() => {
    const { connected, nodes } = summary.value ?? { connected: 0, nodes: 0 };
    const isLost = live.connection.value.status !== 'open';
    document.title = isLost
      ? 'noex · reconnecting'
      : `${connected < nodes ? '⚠ ' : ''}${connected}/${nodes} nodes · noex`;
  });
}
