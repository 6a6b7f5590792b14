import { createRuntime } from './runtime/runtime.js';

/** The runtime behind the facades of the package root. The one instance that lives as long as the Node.js process. */
export const defaultRuntime = createRuntime();
