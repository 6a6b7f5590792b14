export type { ClusterSource } from './dashboard/cluster-source.js';
export type { Authorize, Permission } from './dashboard/server/authorization.js';
export {
  type DashboardHandler,
  dashboardHandler,
} from './dashboard/server/dashboard-handler.js';
export type { DashboardHandlerOptions, DashboardOptions } from './dashboard/server/dashboard-options.js';
export { type Dashboard, startDashboard } from './dashboard/server/start-dashboard.js';
export { overview } from './dashboard/view-model/overview-text.js';
