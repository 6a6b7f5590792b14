import type { Changes } from '../../streams/changes.js';
import type { NodeReport } from '../../streams/node-report.js';
import type { HeldVersion } from './protocol.js';

/** A report of which the changes are one page of several. */
export interface PageReport extends NodeReport {
  readonly changes: Extract<Changes, { readonly type: 'page' }>;
}

export function isPage(report: NodeReport): report is PageReport {
  return report.changes.type === 'page';
}

/** No node has more pages; beyond them, a reader would go on for as long as the other side likes. */
const MAX_PAGES = 250;

/** The most pages that are requested at once. */
const MAX_REQUESTED = 8;

/** While pages arrive within this time, ms, more of them are requested at once: they must not hold up the heartbeats of a slow link. */
const FAST_MS = 500;

interface PageSource {
  read(held: HeldVersion): Promise<NodeReport>;
  monotonic(): number;
}

/**
 * The pages after `first`, in order; ends early when the sender no longer has the version that is being read. Requests one page, then two, and so on while they arrive quickly: over a link with a long
 * round trip, one at a time would take as many round trips as there are pages.
 *
 * @throws TypeError when there is no end of pages
 */
export async function* furtherPages(first: PageReport, source: PageSource): AsyncGenerator<PageReport, void, void> {
  const { incarnation, version } = first;
  let last = first;
  let limit = 1;
  let next = first.changes.page + 1;
  const requested: { readonly answer: Promise<NodeReport>; readonly sentAt: number }[] = [];
  while (!last.changes.isLast) {
    // A sender that does not say how many pages there are is asked for the next one only.
    const end = Math.min(MAX_PAGES, last.changes.pages ?? last.changes.page + 2);
    for (; next < end && requested.length < limit; next += 1) {
      const answer = source.read({ incarnation, version, page: next });
      // Marks a rejection as handled: this page may be awaited later or never. A page that is awaited still throws below.
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
