import { type Changes, MAX_CHANGED_ROWS } from './changes.js';
import { MAX_ID, MAX_PROCESS_NAME, type ServerColumns } from './columns.js';
import { bucketsInSlices } from './latency-window.js';
import { LATER_COUNTS, SERVER_COUNT_NAMES, type ServerCountName } from './server-fields.js';
import { TOTAL_COUNT_NAMES } from './totals.js';
import { TOTALS_KINDS } from './totals-columns.js';
import {
  type Check,
  columns,
  count,
  isIn,
  list,
  maxLength,
  nonNegative,
  object,
  optional,
  orNull,
  predicate,
  time,
} from './validators.js';

/** The longest id of a node, in characters: twice what is possible now. */
const MAX_NODE_ID = 1000;

const id = maxLength(MAX_ID);

const name = orNull(maxLength(MAX_PROCESS_NAME));
/** A later version may have more figures than this one knows, at the end. */
const amounts = list(nonNegative, 64);
const nodeId = maxLength(MAX_NODE_ID);
/** Amounts, and the id of a node. A later version may have more of both. */
const links = list((value) => (typeof value === 'string' ? nodeId(value) : nonNegative(value)), 64);
const slices = predicate((value) => bucketsInSlices(value) !== undefined, 'a list of packed latency slices');
/** A later version may have more buckets than this one knows, at the end. */
const durations = list(nonNegative, 64);

/**
 * All histograms of a report may have so many buckets: two numbers of it may stand for a whole histogram. A page of the widest
 * fits, and so do as many rows as may change, from a microsecond to half a minute in each.
 */
const MAX_BUCKETS = 2_400_000;

/** Columns that a sender may leave out. */
const OPTIONAL_COLUMNS = { childId: name, startedMonotonic: time };

function countChecks(names: readonly ServerCountName[]): Readonly<Record<string, Check>> {
  return Object.fromEntries(names.map((name) => [name, count]));
}

const SERVER_COLUMNS = columns(
  {
    id,
    name,
    parentId: orNull(id),
    status: isIn(['starting', 'running', 'stopping']),
    queueSize: count,
    messageCount: count,
    ...countChecks(SERVER_COUNT_NAMES.filter((name) => !LATER_COUNTS.includes(name))),
    startedAt: time,
  },
  MAX_CHANGED_ROWS,
  { ...OPTIONAL_COLUMNS, ...countChecks(LATER_COUNTS), label: name, latency: slices },
);

const SERVERS: Check = (value) => {
  const problem = SERVER_COLUMNS(value);
  if (problem !== undefined) return problem;
  let buckets = 0;
  for (const packed of (value as ServerColumns).latency ?? []) buckets += bucketsInSlices(packed) ?? 0;
  return buckets > MAX_BUCKETS ? ` must have histograms of at most ${MAX_BUCKETS} buckets together` : undefined;
};

const SUPERVISORS = columns(
  {
    id,
    name,
    parentId: orNull(id),
    strategy: isIn(['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one']),
    childCount: count,
    totalRestarts: count,
    startedAt: time,
  },
  MAX_CHANGED_ROWS,
  OPTIONAL_COLUMNS,
);

const TOTALS = columns(
  {
    kind: isIn(TOTALS_KINDS),
    name: maxLength(MAX_PROCESS_NAME),
    ...Object.fromEntries(TOTAL_COUNT_NAMES.map((name) => [name, count])),
    wait: durations,
    handle: durations,
  },
  MAX_CHANGED_ROWS,
);

const SUMS = object({ servers: count, supervisors: count, messages: count, restarts: count });

const ROWS = { servers: SERVERS, supervisors: SUPERVISORS, totals: optional(TOTALS), sums: optional(SUMS) };
const CHANGES_BY_TYPE: Readonly<Record<Changes['type'], Check>> = {
  none: object({}),
  delta: object({ ...ROWS, since: count, removed: list(id, MAX_CHANGED_ROWS) }),
  page: object({
    ...ROWS,
    page: count,
    pages: optional(count),
    isLast: predicate((value) => typeof value === 'boolean', 'a boolean'),
  }),
};

const CHANGES_TYPE = object({ type: isIn(Object.keys(CHANGES_BY_TYPE)) });
const CHANGES: Check = (value) => CHANGES_TYPE(value) ?? CHANGES_BY_TYPE[(value as Changes).type](value);

/** Of a report, as it is sent. */
export const REPORT = object({
  incarnation: count,
  version: count,
  timestamp: time,
  monotonic: optional(time),
  memory: object({ heapUsed: count, heapTotal: count, external: count, rss: count }),
  vitals: optional(amounts),
  links: optional(links),
  changes: CHANGES,
});
