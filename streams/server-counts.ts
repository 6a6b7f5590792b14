/** Describes one count of a GenServer. Rows, events, the wire format and both dashboards are derived from it. */
interface ServerCount {
  /** The title of the count, in details and above its column. */
  readonly label: string;
  /** What the count means, as help text for users. */
  readonly help: string;
  /** Whether tables of processes have a sortable column for this count. */
  readonly isColumn: boolean;
  /**
   * Whether `messages_handled` events have this count. The value in the event is the increase since the previous event
   * of the process. If false, `evolve` derives the count from other events.
   */
  readonly isReported: boolean;
  /**
   * Whether some nodes do not report this count, such as nodes with noex up to 0.1. If true, a row without the count
   * means "not reported", and a count of zero is present as 0. If false, a row without the count means 0.
   */
  readonly isOptional: boolean;
}

/**
 * All counts in the row of a GenServer, except the number of messages handled. The counts with `isColumn` are in order
 * of importance. To add a count, see "Add a statistic" in CONTRIBUTING.md.
 */
export const SERVER_COUNTS = {
  loopBlocks: {
    label: 'Loop blocked',
    help: 'How often one of its handlers blocked the event loop for too long',
    isColumn: false,
    isReported: false,
    isOptional: false,
  },
  dropped: {
    label: 'Dropped',
    help: 'Messages dropped because its mailbox was full',
    isColumn: false,
    isReported: true,
    isOptional: false,
  },
  restarts: {
    label: 'Restarts',
    help: 'How often its supervisor has restarted it',
    isColumn: true,
    isReported: false,
    isOptional: false,
  },
  rejected: {
    label: 'Rejected',
    help: 'Messages refused with MailboxFullError because its mailbox was full',
    isColumn: true,
    isReported: true,
    isOptional: true,
  },
} as const satisfies Record<string, ServerCount>;

export type ServerCountName = keyof typeof SERVER_COUNTS;

type NamesWith<Flag extends 'isColumn' | 'isReported' | 'isOptional'> = {
  [Name in ServerCountName]: (typeof SERVER_COUNTS)[Name][Flag] extends true ? Name : never;
}[ServerCountName];

/** Counts that processes report in `messages_handled` events. */
export type ReportedCountName = NamesWith<'isReported'>;

export type CountColumn = NamesWith<'isColumn'>;

/** The counts of a row. {@link SERVER_COUNTS} says what each one means. */
export type ServerCounts = { readonly [Name in ServerCountName]?: number };

export const SERVER_COUNT_NAMES = Object.keys(SERVER_COUNTS) as readonly ServerCountName[];
const REPORTED_COUNTS = namesWith('isReported') as readonly ReportedCountName[];
export const OPTIONAL_COUNTS: readonly ServerCountName[] = namesWith('isOptional');
export const COUNT_COLUMNS = namesWith('isColumn') as readonly CountColumn[];

/**
 * Returns the new totals of the counts that an event increases, and of no other counts. Returns `undefined` if the
 * event increases none, because each of its counts is absent or zero.
 */
export function countsAfter(
  before: ServerCounts,
  reported: Pick<ServerCounts, ReportedCountName>,
): ServerCounts | undefined {
  let counts: { -readonly [Name in ReportedCountName]?: number } | undefined;
  for (const name of REPORTED_COUNTS) {
    const count = reported[name];
    if (count === undefined || count === 0) continue;
    counts ??= {};
    counts[name] = (before[name] ?? 0) + count;
  }
  return counts;
}

function namesWith(flag: 'isColumn' | 'isReported' | 'isOptional'): readonly ServerCountName[] {
  return SERVER_COUNT_NAMES.filter((name) => SERVER_COUNTS[name][flag]);
}
