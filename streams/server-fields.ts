/** A count of a GenServer besides the messages it handled: described here, and nowhere else. */
interface ServerCount {
  /** What it is called: the name of its figure and of its column. */
  readonly label: string;
  /** What it counts, as text for the user. */
  readonly help: string;
  /** Whether tables of processes have it as a column, to be sorted by. */
  readonly isColumn: boolean;
  /** Whether `messages_handled` carries what was counted since the event before. Other counts follow from other events. */
  readonly isReported: boolean;
  /**
   * Whether versions of noex up to 0.1 do not send it. Such a count is absent in the rows of nodes that do not report it,
   * and 0 in others. Of a count that every version sends, absent means 0.
   */
  readonly isLater: boolean;
}

/** Every count of a server row; the columns among them in the order of their importance. To add one, see "Add a statistic" in CONTRIBUTING. */
export const SERVER_COUNTS = {
  loopBlocks: {
    label: 'Loop blocked',
    help: 'How often one of its handlers blocked the event loop for too long',
    isColumn: false,
    isReported: false,
    isLater: false,
  },
  dropped: {
    label: 'Dropped',
    help: 'Messages dropped because its mailbox was full',
    isColumn: false,
    isReported: true,
    isLater: false,
  },
  restarts: {
    label: 'Restarts',
    help: 'How often its supervisor has restarted it',
    isColumn: true,
    isReported: false,
    isLater: false,
  },
  rejected: {
    label: 'Rejected',
    help: 'Messages refused with MailboxFullError because its mailbox was full',
    isColumn: true,
    isReported: true,
    isLater: true,
  },
} as const satisfies Record<string, ServerCount>;

export type ServerCountName = keyof typeof SERVER_COUNTS;

type NamesWith<Flag extends 'isColumn' | 'isReported' | 'isLater'> = {
  [Name in ServerCountName]: (typeof SERVER_COUNTS)[Name][Flag] extends true ? Name : never;
}[ServerCountName];

/** Counts that processes report themselves, with `messages_handled`. */
export type ReportedCountName = NamesWith<'isReported'>;

export type CountColumn = NamesWith<'isColumn'>;

/** The counts of a row. What they mean: {@link SERVER_COUNTS}. */
export type ServerCounts = { readonly [Name in ServerCountName]?: number };

export const SERVER_COUNT_NAMES = Object.keys(SERVER_COUNTS) as readonly ServerCountName[];
export const REPORTED_COUNTS = namesWith('isReported') as readonly ReportedCountName[];
export const LATER_COUNTS: readonly ServerCountName[] = namesWith('isLater');
export const COUNT_COLUMNS = namesWith('isColumn') as readonly CountColumn[];

function namesWith(flag: 'isColumn' | 'isReported' | 'isLater'): readonly ServerCountName[] {
  return SERVER_COUNT_NAMES.filter((name) => SERVER_COUNTS[name][flag]);
}
