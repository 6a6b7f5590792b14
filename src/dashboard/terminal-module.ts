import type { ClusterSource } from './cluster-source.js';

export interface TerminalOptions {
  readonly source: ClusterSource;
  /** How the cluster is reached; stands in the head of the screen. */
  readonly title: string;
  /** A terminal, as is `stdout`. */
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Of it count `NO_COLOR` and the locale: `LC_ALL`, `LC_CTYPE`, `LANG`. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What `terminal/main.js`, a bundle of its own, exports: to be imported only when a terminal is there to be drawn on. */
export interface TerminalModule {
  /**
   * Shows the cluster until the user quits, or the process is asked to end. Rejects with the error of the source. The
   * terminal is left as it was found either way.
   */
  runTerminal(options: TerminalOptions): Promise<void>;
}
