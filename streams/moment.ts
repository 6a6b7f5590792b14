/** One moment, read from both clocks of a node. */
export interface Moment {
  /** ms since the epoch. It steps when the machine's clock is set. */
  readonly timestamp: number;
  /**
   * The same moment on the monotonic clock, ms since some fixed moment: for durations. Never goes back; says nothing
   * beside the reading of another node, or of another life of the same node.
   */
  readonly monotonic: number;
}
