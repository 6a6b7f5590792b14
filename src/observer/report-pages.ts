import type { Changes } from '../../streams/model-changes.js';
import type { NodeReport } from '../../streams/node-report.js';
import type { HeldVersion } from './protocol.js';

/** A report whose `changes` are one page of all rows. */
export interface PageReport extends NodeReport {
  readonly changes: Extract<Changes, { readonly type: 'page' }>;
}

export function isPage(report: NodeReport): report is PageReport {
  return report.changes.type === 'page';
}

/**
 * The maximum number of pages. No correct node has more. The limit prevents a faulty node from keeping a reader busy
 * for ever.
 */
const MAX_PAGES = 250;

/** The maximum number of pages that are requested at the same time. */
const MAX_REQUESTED = 8;

/**
 * A page that arrives within this time, ms, raises the number of pages that are requested at the same time. A slower
 * page lowers that number, because many pages in transit would delay heartbeats.
 */
const FAST_MS = 500;

interface PageSource {
  read(held: HeldVersion): Promise<NodeReport>;
  monotonic(): number;
}

/**
 * Reads the pages after `first`, in order. Ends early if the sender no longer has the version that is being read. First
 * requests one page, then two at the same time, and so on while pages arrive quickly, which saves round trips.
 *
 * @throws TypeError if none of the announced pages, or of the first {@link MAX_PAGES} pages, is the last page; also
 * what `read` rejects with
 */
export async function* furtherPages(first: PageReport, source: PageSource): AsyncGenerator<PageReport, void, void> {
  const { incarnation, version } = first;
  let last = first;
  let limit = 1;
  let next = first.changes.page + 1;
  const requested: { readonly answer: Promise<NodeReport>; readonly sentAt: number }[] = [];
  while (!last.changes.isLast) {
    // If the sender does not report the number of pages, only the next page is requested.
    const end = Math.min(MAX_PAGES, last.changes.pages ?? last.changes.page + 2);
    for (; next < end && requested.length < limit; next += 1) {
      const answer = source.read({ incarnation, version, page: next });
      // Marks a rejection as handled, because this page may be awaited later or never. The `await` below still throws.
      answer.catch(() => undefined);
      requested.push({ answer, sentAt: source.monotonic() });
    }
    const oldest = requested.shift();
    if (oldest === undefined) throw new TypeError(`more pages than ${end}`);
    const report = await oldest.answer;
    if (!isPage(report) || report.version !== version || report.changes.page !== last.changes.page + 1) return;
    last = report;
    limit = source.monotonic() - oldest.sentAt < FAST_MS ? Math.min(limit + 1, MAX_REQUESTED) : Math.max(1, limit >> 1);
    yield report;
  }
}
