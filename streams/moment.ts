/** One moment, read from both clocks of a node. */
export interface Moment {
  /** Wall-clock time, ms since the epoch. Jumps when the machine's clock is set. */
  readonly timestamp: number;
  /**
   * The same moment on the node's monotonic clock, ms since an arbitrary start. Use `monotonic` to compute durations,
   * because it never goes back. Do not compare it with a monotonic time of another node, or of another life of this
   * node.
   */
  readonly monotonic: number;
}
