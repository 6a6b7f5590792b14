import { createRuntime } from './runtime/runtime.js';

/**
 * The runtime behind the exports of the package root, such as `GenServer`. This runtime exists as long as the Node.js
 * process.
 */
export const defaultRuntime = createRuntime();
