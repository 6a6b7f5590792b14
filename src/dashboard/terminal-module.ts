import type { ClusterSource } from './cluster-source.js';

/** The options of `runTerminal`. */
export interface TerminalOptions {
  readonly source: ClusterSource;
  /** A title for the header of the screen, such as the addresses of the cluster. */
  readonly title: string;
  /** The keyboard input. Both `stdin` and `stdout` must be terminals. */
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /**
   * The environment variables. The dashboard reads `NO_COLOR`, the locale (`LC_ALL`, `LC_CTYPE`, `LANG`), and the
   * fallback size (`COLUMNS`, `LINES`). Default: `process.env`.
   */
  readonly env?: NodeJS.ProcessEnv;
}

/** The exports of `terminal/main.js`, a bundle of its own. Import this bundle only when `stdout` is a terminal. */
export interface TerminalModule {
  /**
   * Shows the dashboard. Resolves when the user quits or the Node.js process receives SIGINT, SIGTERM or SIGHUP.
   * Rejects when the source fails or `stdout` emits an error. When the source completes, the last data stays on the
   * screen. Restores the terminal before it resolves or rejects.
   */
  runTerminal(options: TerminalOptions): Promise<void>;
}
