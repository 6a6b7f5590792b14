import { render } from 'preact';
import { createDashboard, DashboardProvider } from './model/dashboard-context.js';
import { Page } from './parts/page.js';

// The URL of the feed is relative to the page, because only the browser knows the public path.
const feed = new URL('feed', document.baseURI.replace(/^http/, 'ws'));
const dashboard = createDashboard(window, feed);

render(
  <DashboardProvider value={dashboard}>
    <Page />
  </DashboardProvider>,
  document.body,
);
