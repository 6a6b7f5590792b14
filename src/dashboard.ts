export type { Authorize, Permission } from './dashboard/server/authorization.js';
export {
  type DashboardHandler,
  dashboardHandler,
} from './dashboard/server/handler.js';
export type { DashboardHandlerOptions, DashboardOptions } from './dashboard/server/options.js';
export { type Dashboard, startDashboard } from './dashboard/server/start-dashboard.js';
export type { ClusterSource } from './dashboard/source.js';
export { overview } from './dashboard/view-model/overview.js';
