/** The fields that the event bus adds to each event. */
export interface EventStamp {
  /** The sequence number within the runtime, from 1 on. A subscriber to all events sees no gaps. */
  readonly seq: number;
  /** When the event happened, ms since the epoch. Jumps if the system clock is set. */
  readonly at: number;
  /** The same moment on the monotonic clock of the runtime, ms. Use `monotonic`, not `at`, to compute durations. */
  readonly monotonic: number;
}
