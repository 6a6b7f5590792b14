// The package as it was built, by its public entry. A path, not a link: no lock file has to repeat what noex depends on.

export { startDashboard } from '../dist/src/dashboard.js';
export {
  createRuntime,
  type GenServerBehavior,
  type GenServerRef,
  type OverloadPolicy,
  type ProcessRef,
  type Runtime,
  systemClock,
} from '../dist/src/index.js';
