import { bucketsInSlices } from './latency-window.js';
import { type Changes, MAX_CHANGED_ROWS } from './model-changes.js';
import { MAX_NODE_ID } from './node-links.js';
import { MAX_TEXTS } from './registration-columns.js';
import { MAX_LISTED } from './registrations.js';
import { MAX_ID, MAX_PROCESS_NAME, type ServerColumns } from './row-encoding.js';
import { OPTIONAL_COUNTS, SERVER_COUNT_NAMES, type ServerCountName } from './server-counts.js';
import { TOTAL_COUNT_NAMES } from './totals.js';
import { TOTALS_KINDS } from './totals-columns.js';
import {
  type Check,
  columns,
  count,
  finiteNumber,
  isIn,
  list,
  maxLength,
  nonNegative,
  object,
  optional,
  orNull,
  predicate,
} from './validators.js';

const id = maxLength(MAX_ID);

const name = orNull(maxLength(MAX_PROCESS_NAME));
/**
 * Packed vitals. More numbers than this version knows are accepted, because later versions of noex append to the list.
 */
const vitals = list(nonNegative, 64);
const nodeId = maxLength(MAX_NODE_ID);
/** Packed links: numbers, and the id of a node. Later versions may append to this list too. */
const links = list((value) => (typeof value === 'string' ? nodeId(value) : nonNegative(value)), 64);
const slices = predicate((value) => bucketsInSlices(value) !== undefined, 'a list of packed latency slices');
/**
 * Packed durations of totals. More buckets than this version knows are accepted, because later versions may add
 * buckets.
 */
const durations = list(nonNegative, 64);

/**
 * The maximum number of buckets in all latency histograms of a report. The length of the report does not limit memory,
 * because a few packed numbers can stand for hundreds of buckets. The limit admits a page of 1,000 rows with 12
 * histograms each (six slices, two kinds) of 200 buckets. Such a histogram covers durations up to 134 s.
 */
const MAX_BUCKETS = 2_400_000;

/** Columns of both kinds of rows that a sender may leave out. */
const OPTIONAL_COLUMNS = { childId: name, distributedSupervisor: name, startedMonotonic: finiteNumber };

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
    ...countChecks(SERVER_COUNT_NAMES.filter((name) => !OPTIONAL_COUNTS.includes(name))),
    startedAt: finiteNumber,
  },
  MAX_CHANGED_ROWS,
  { ...OPTIONAL_COLUMNS, ...countChecks(OPTIONAL_COUNTS), label: name, latency: slices },
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
    startedAt: finiteNumber,
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

const REGISTRATION_COLUMNS = columns(
  { id, globalNames: list(finiteNumber, 2 * MAX_LISTED), groups: list(count, MAX_LISTED), omitted: count },
  MAX_CHANGED_ROWS,
);
const REGISTRATION_TEXTS = object({ texts: list(maxLength(MAX_PROCESS_NAME), MAX_TEXTS) });
const REGISTRATIONS: Check = (value) => REGISTRATION_TEXTS(value) ?? REGISTRATION_COLUMNS(value);

const SUMS = object({ servers: count, supervisors: count, messages: count, restarts: count });

const ROWS = {
  servers: SERVERS,
  supervisors: SUPERVISORS,
  registrations: optional(REGISTRATIONS),
  totals: optional(TOTALS),
  sums: optional(SUMS),
};
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

/** Checks a report as it is sent: a `NodeReport` with packed vitals and packed links. */
export const REPORT = object({
  incarnation: count,
  version: count,
  timestamp: finiteNumber,
  monotonic: optional(finiteNumber),
  memory: object({ heapUsed: count, heapTotal: count, external: count, rss: count }),
  vitals: optional(vitals),
  links: optional(links),
  changes: CHANGES,
});
