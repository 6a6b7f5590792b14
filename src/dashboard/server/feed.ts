import { BehaviorSubject, distinctUntilChanged, map, type SchedulerLike, Subscription } from 'rxjs';
import type { LogEntry } from '../../../streams/index.js';
import type { ClusterSource } from '../cluster-source.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import { type FeedMessage, viewChanges } from '../view-model/feed.js';
import { emptyHistory, remember } from '../view-model/history.js';
import { type Log, withEntries } from '../view-model/log.js';
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
 * Sends each browser the changes since its last message. A browser that has not received that message is sent nothing
 * until it has, then the newest state. Meanwhile, only the state that the browser already has is kept for it.
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
  /** Entries that may come again. */
  #earlier: ReadonlySet<string> = new Set();
  #status = WELL;
  /** Messages for the current view and log, by the version they build on: browsers with the same version share them. */
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

  /** Sends a browser the whole view, then its changes. Returns the unsubscribe function. */
  connect(outlet: Outlet): () => void {
    const browser: Browser = { outlet, view: undefined, line: this.#lastLine, status: WELL, isTaking: false };
    this.#browsers.add(browser);
    this.#send(browser, [write({ type: 'welcome', version: this.#version, history: this.#history, log: this.#log })]);
    this.#browserCount$.next(this.#browsers.size);
    return () => {
      if (this.#browsers.delete(browser)) this.#browserCount$.next(this.#browsers.size);
    };
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
      this.#status = WELL;
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

  /** Reports a defect of the dashboard itself, which must not end the program that contains it. */
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
    if (browser.view !== this.#view) {
      texts.push(this.#viewText(browser.view));
      browser.view = this.#view;
    }
    if (browser.line < this.#lastLine) {
      texts.push(this.#logText(browser.line));
      browser.line = this.#lastLine;
    }
    this.#send(browser, texts);
  }

  /** Sends messages to a browser; once it has received them, it is sent what changed meanwhile. */
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
    const text = write({ type: 'log', log: this.#log.filter(({ number }) => number > since) });
    this.#logTexts.set(since, text);
    return text;
  }
}

interface Status {
  readonly problem: string | null;
}

const WELL: Status = { problem: null };

/** The state that a browser already has. */
interface Browser {
  readonly outlet: Outlet;
  view: ClusterView | undefined;
  /** The number of the last log entry that was sent. */
  line: number;
  status: Status;
  /** The browser has not received its last message yet. */
  isTaking: boolean;
}

function write(message: FeedMessage): string {
  return JSON.stringify(message);
}

function identityOf(entry: LogEntry): string {
  return JSON.stringify(entry);
}
