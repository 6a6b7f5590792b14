import { BehaviorSubject, distinctUntilChanged, map, type SchedulerLike, Subscription } from 'rxjs';
import type { LogEntry, SerializedError } from '../../../streams/index.js';
import type { ClusterSource } from '../cluster-source.js';
import { addToHistory, emptyHistory } from '../view-model/chart-history.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import { type FeedMessage, nextRowsPerNode, viewChanges, withFirstRows } from '../view-model/feed-protocol.js';
import { errorIn, type Log, withEntries, withoutStack } from '../view-model/log-lines.js';
import { type LogUpdate, logUpdates, type ViewUpdate, viewUpdates } from './cluster-streams.js';

/** A connection that can send messages to one browser. */
export interface MessageSink {
  /** Sends the text. Calls `done` once the text has been sent, or can no longer be sent. */
  send(text: string, done: () => void): void;
}

export interface FeedOptions {
  readonly source: ClusterSource;
  /** The version of noex. */
  readonly version: string;
  readonly scheduler: SchedulerLike;
  readonly onError: (error: Error) => void;
}

/**
 * Sends each browser updates with what has changed since the previous update to that browser. The next update waits
 * until the previous one has left the socket, and covers everything that has changed meanwhile. So the server never
 * queues updates for a slow browser.
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
  /**
   * The identities of the log entries from before the last resubscription. If the source replays these entries, they
   * are not added again.
   */
  #replayable: ReadonlySet<string> = new Set();
  #status = NO_PROBLEM;
  /**
   * Serialized view messages. The key is the view that the browser already has, so browsers with the same view share a
   * message.
   */
  readonly #viewTexts = new Map<ClusterView | undefined, string>();
  /** Serialized log messages. The key is the number of the last log line that the browser already has. */
  readonly #logTexts = new Map<number, string>();

  constructor({ source, version, scheduler, onError }: FeedOptions) {
    this.#version = version;
    this.#onError = onError;
    const isWatched$ = this.#browserCount$.pipe(
      map((count) => count > 0),
      distinctUntilChanged(),
    );
    const error = (thrown: unknown): void => this.#onDefect(thrown);
    this.#subscription.add(
      viewUpdates(source, isWatched$, scheduler).subscribe({ next: (update) => this.#onViewUpdate(update), error }),
    );
    this.#subscription.add(
      logUpdates(source, scheduler).subscribe({ next: (update) => this.#onLogUpdate(update), error }),
    );
  }

  /**
   * Connects a browser. Sends a welcome, the view in parts, and then the history and the log. After that, sends
   * changes. If there is no view yet, sends the log first. Returns a function that disconnects the browser from the
   * feed.
   */
  connect(sink: MessageSink): () => void {
    const browser: Browser = {
      sink,
      view: undefined,
      rowsPerNode: 0,
      lastLogLine: undefined,
      status: NO_PROBLEM,
      isSending: false,
    };
    this.#browsers.add(browser);
    this.#send(browser, [serialize({ type: 'welcome', version: this.#version })]);
    this.#browserCount$.next(this.#browsers.size);
    return () => {
      if (this.#browsers.delete(browser)) this.#browserCount$.next(this.#browsers.size);
    };
  }

  /**
   * Returns the error of the log line with this number. The error has its stack, which the messages for browsers omit.
   * Returns `undefined` if the line has no error, or is no longer in the log.
   */
  errorOf(number: number): SerializedError | undefined {
    const line = this.#log.find((each) => each.number === number);
    return line && errorIn(line.entry);
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#browsers.clear();
  }

  get #lastLogLine(): number {
    return this.#log.at(-1)?.number ?? 0;
  }

  #onViewUpdate(update: ViewUpdate): void {
    if (update.type === 'lost') {
      this.#status = { problem: update.problem };
    } else {
      this.#view = update.view;
      this.#viewTexts.clear();
      this.#history = addToHistory(this.#history, update.view);
      this.#status = NO_PROBLEM;
    }
    this.#updateAll();
  }

  #onLogUpdate(update: LogUpdate): void {
    if (update.type === 'log_ended') {
      this.#replayable = new Set(this.#log.map(({ entry }) => identityOf(entry)));
      return;
    }
    const isNew = (entry: LogEntry): boolean => this.#replayable.size === 0 || !this.#replayable.has(identityOf(entry));
    this.#log = withEntries(this.#log, update.entries.filter(isNew));
    this.#logTexts.clear();
    this.#updateAll();
  }

  /** Reports a defect of the dashboard itself. Such a defect must not crash the program that contains the dashboard. */
  #onDefect(thrown: unknown): void {
    this.#onError(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
    this.#status = { problem: `the dashboard failed: ${thrown}` };
    this.#updateAll();
  }

  #updateAll(): void {
    for (const browser of this.#browsers) this.#update(browser);
  }

  #update(browser: Browser): void {
    if (browser.isSending) return;
    const texts: string[] = [];
    if (browser.status !== this.#status) {
      texts.push(serialize({ type: 'status', ...this.#status }));
      browser.status = this.#status;
    }
    if (browser.view !== this.#view && this.#view !== undefined) texts.push(this.#nextViewText(browser, this.#view));
    // The history and the log are sent only to a browser that has the whole view, because they would delay the view.
    if (browser.view === this.#view) texts.push(...this.#historyAndLogTexts(browser));
    this.#send(browser, texts);
  }

  #nextViewText(browser: Browser, view: ClusterView): string {
    const before = browser.view;
    if (browser.rowsPerNode !== Number.POSITIVE_INFINITY)
      browser.rowsPerNode = nextRowsPerNode(view, browser.rowsPerNode);
    browser.view = withFirstRows(view, browser.rowsPerNode);
    return browser.view === view
      ? this.#viewText(before)
      : serialize({ type: 'view', ...viewChanges(before, browser.view) });
  }

  /**
   * Returns the next messages with the history and the log for a browser. The first call for a browser returns the
   * history and the whole log. Later calls return only new log lines.
   */
  #historyAndLogTexts(browser: Browser): readonly string[] {
    const { lastLogLine } = browser;
    browser.lastLogLine = this.#lastLogLine;
    if (lastLogLine === undefined) {
      const log = serialize({ type: 'log', log: this.#log.map(withoutStack), isWhole: true });
      return [serialize({ type: 'history', history: this.#history }), log];
    }
    return lastLogLine < this.#lastLogLine ? [this.#logText(lastLogLine)] : [];
  }

  /**
   * Sends messages to a browser. Once all of these messages have been sent, sends the changes that have occurred
   * meanwhile.
   */
  #send(browser: Browser, texts: readonly string[]): void {
    let left = texts.length;
    browser.isSending = left > 0;
    for (const text of texts) {
      browser.sink.send(text, () => {
        left -= 1;
        if (left > 0 || !this.#browsers.has(browser)) return;
        browser.isSending = false;
        this.#update(browser);
      });
    }
  }

  #viewText(since: ClusterView | undefined): string {
    const view = this.#view;
    if (view === undefined) return '';
    const known = this.#viewTexts.get(since);
    if (known !== undefined) return known;
    const text = serialize({ type: 'view', ...viewChanges(since, view) });
    this.#viewTexts.set(since, text);
    return text;
  }

  #logText(since: number): string {
    const known = this.#logTexts.get(since);
    if (known !== undefined) return known;
    const text = serialize({ type: 'log', log: this.#log.filter(({ number }) => number > since).map(withoutStack) });
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
  readonly sink: MessageSink;
  view: ClusterView | undefined;
  /** The maximum number of processes of each node in `view`. Infinity: all of them. */
  rowsPerNode: number;
  /** The number of the last log line that was sent to the browser. `undefined`: the log has not been sent yet. */
  lastLogLine: number | undefined;
  status: Status;
  /** Whether the sink has received messages that it has not sent yet. */
  isSending: boolean;
}

function serialize(message: FeedMessage): string {
  return JSON.stringify(message);
}

function identityOf(entry: LogEntry): string {
  return JSON.stringify(entry);
}
