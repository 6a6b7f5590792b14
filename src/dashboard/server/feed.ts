import { BehaviorSubject, distinctUntilChanged, map, type SchedulerLike, Subscription } from 'rxjs';
import type { LogEntry, SerializedError } from '../../../streams/index.js';
import type { ClusterSource } from '../cluster-source.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import { type FeedMessage, nextRowsEach, partOf, viewChanges } from '../view-model/feed.js';
import { emptyHistory, remember } from '../view-model/history.js';
import { errorIn, type Log, withEntries, withoutStack } from '../view-model/log.js';
import { type LogUpdate, logUpdates, type ViewUpdate, viewUpdates } from './cluster-updates.js';

/** The receiver of the messages for one browser. */
export interface Outlet {
  /** Calls `taken` once the text has been sent, or can no longer be sent. */
  send(text: string, taken: () => void): void;
}

export interface FeedOptions {
  readonly source: ClusterSource;
  /** The version of noex. */
  readonly version: string;
  readonly scheduler: SchedulerLike;
  readonly onError: (error: Error) => void;
}

/**
 * Sends each browser the changes since its last message. A slow browser gets the next message only after it has received
 * the last one; that message then leads to the newest state. So the server never queues changes for a slow browser.
 */
export class DashboardFeed {
  readonly #version: string;
  readonly #onError: (error: Error) => void;
  readonly #browsers = new Set<Browser>();
  readonly #browserCount$ = new BehaviorSubject(0);
  readonly #subscription = new Subscription();
  #view: ClusterView | undefined;
  #history = emptyHistory;
  #log: Log = [];
  /** The identities of entries that the source may replay after it has been resubscribed. */
  #earlier: ReadonlySet<string> = new Set();
  #status = NO_PROBLEM;
  /** Serialized messages, by the view or log line that they start from. Browsers with the same state share them. */
  readonly #viewTexts = new Map<ClusterView | undefined, string>();
  readonly #logTexts = new Map<number, string>();

  constructor({ source, version, scheduler, onError }: FeedOptions) {
    this.#version = version;
    this.#onError = onError;
    const isWatched$ = this.#browserCount$.pipe(
      map((count) => count > 0),
      distinctUntilChanged(),
    );
    const error = (thrown: unknown): void => this.#failed(thrown);
    this.#subscription.add(
      viewUpdates(source, isWatched$, scheduler).subscribe({ next: (news) => this.#seen(news), error }),
    );
    this.#subscription.add(logUpdates(source, scheduler).subscribe({ next: (news) => this.#logged(news), error }));
  }

  /**
   * Sends a browser the view, part by part, then the history and the log, then changes. Returns the function that disconnects
   * it.
   */
  connect(outlet: Outlet): () => void {
    const browser: Browser = {
      outlet,
      view: undefined,
      rowsEach: 0,
      line: undefined,
      status: NO_PROBLEM,
      isTaking: false,
    };
    this.#browsers.add(browser);
    this.#send(browser, [write({ type: 'welcome', version: this.#version })]);
    this.#browserCount$.next(this.#browsers.size);
    return () => {
      if (this.#browsers.delete(browser)) this.#browserCount$.next(this.#browsers.size);
    };
  }

  /** The error of a line of the log, with its stack, which browsers do not get with the line. */
  errorOf(number: number): SerializedError | undefined {
    const line = this.#log.find((each) => each.number === number);
    return line && errorIn(line.entry);
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#browsers.clear();
  }

  get #lastLine(): number {
    return this.#log.at(-1)?.number ?? 0;
  }

  #seen(news: ViewUpdate): void {
    if (news.type === 'lost') {
      this.#status = { problem: news.problem };
    } else {
      this.#view = news.view;
      this.#viewTexts.clear();
      this.#history = remember(this.#history, news.view);
      this.#status = NO_PROBLEM;
    }
    this.#updateAll();
  }

  #logged(news: LogUpdate): void {
    if (news.type === 'log_again') {
      this.#earlier = new Set(this.#log.map(({ entry }) => identityOf(entry)));
      return;
    }
    const isNew = (entry: LogEntry): boolean => this.#earlier.size === 0 || !this.#earlier.has(identityOf(entry));
    this.#log = withEntries(this.#log, news.entries.filter(isNew));
    this.#logTexts.clear();
    this.#updateAll();
  }

  /** Reports a defect of the dashboard itself. It must not crash the program that contains the dashboard. */
  #failed(thrown: unknown): void {
    this.#onError(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
    this.#status = { problem: `the dashboard failed: ${thrown}` };
    this.#updateAll();
  }

  #updateAll(): void {
    for (const browser of this.#browsers) this.#update(browser);
  }

  #update(browser: Browser): void {
    if (browser.isTaking) return;
    const texts: string[] = [];
    if (browser.status !== this.#status) {
      texts.push(write({ type: 'status', ...this.#status }));
      browser.status = this.#status;
    }
    if (browser.view !== this.#view && this.#view !== undefined) texts.push(this.#nextViewText(browser, this.#view));
    // Until all of the view was sent, the rest would only delay it.
    if (browser.view === this.#view) texts.push(...this.#rest(browser));
    this.#send(browser, texts);
  }

  #nextViewText(browser: Browser, view: ClusterView): string {
    const before = browser.view;
    if (browser.rowsEach !== Number.POSITIVE_INFINITY) browser.rowsEach = nextRowsEach(view, browser.rowsEach);
    browser.view = partOf(view, browser.rowsEach);
    return browser.view === view
      ? this.#viewText(before)
      : write({ type: 'view', ...viewChanges(before, browser.view) });
  }

  /** The history and the log for a browser that has the view. */
  #rest(browser: Browser): readonly string[] {
    const { line } = browser;
    browser.line = this.#lastLine;
    if (line === undefined) {
      const log = write({ type: 'log', log: this.#log.map(withoutStack), isWhole: true });
      return [write({ type: 'history', history: this.#history }), log];
    }
    return line < this.#lastLine ? [this.#logText(line)] : [];
  }

  /** Sends messages to a browser. Once it has received all of them, sends what has changed meanwhile. */
  #send(browser: Browser, texts: readonly string[]): void {
    let left = texts.length;
    browser.isTaking = left > 0;
    for (const text of texts) {
      browser.outlet.send(text, () => {
        left -= 1;
        if (left > 0 || !this.#browsers.has(browser)) return;
        browser.isTaking = false;
        this.#update(browser);
      });
    }
  }

  #viewText(since: ClusterView | undefined): string {
    const view = this.#view;
    if (view === undefined) return '';
    const known = this.#viewTexts.get(since);
    if (known !== undefined) return known;
    const text = write({ type: 'view', ...viewChanges(since, view) });
    this.#viewTexts.set(since, text);
    return text;
  }

  #logText(since: number): string {
    const known = this.#logTexts.get(since);
    if (known !== undefined) return known;
    const text = write({ type: 'log', log: this.#log.filter(({ number }) => number > since).map(withoutStack) });
    this.#logTexts.set(since, text);
    return text;
  }
}

interface Status {
  readonly problem: string | null;
}

const NO_PROBLEM: Status = { problem: null };

/** A browser and the state that it already has. */
interface Browser {
  readonly outlet: Outlet;
  view: ClusterView | undefined;
  /** How many processes of each node `view` has at most. */
  rowsEach: number;
  /** The number of the last log entry that was sent to the browser. `undefined`: the log was not sent yet. */
  line: number | undefined;
  status: Status;
  /** Whether messages are in flight: the browser has not received all of them yet. */
  isTaking: boolean;
}

function write(message: FeedMessage): string {
  return JSON.stringify(message);
}

function identityOf(entry: LogEntry): string {
  return JSON.stringify(entry);
}
