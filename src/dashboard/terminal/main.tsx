import { render, useInput } from 'ink';
import { useSyncExternalStore } from 'react';
import {
  bufferTime,
  catchError,
  concat,
  distinctUntilChanged,
  EMPTY,
  exhaustMap,
  filter,
  from,
  interval,
  map,
  merge,
  type Observable,
  of,
  scan,
  switchMap,
  throttleTime,
  timer,
} from 'rxjs';
import type { ClusterSource } from '../cluster-source.js';
import type { TerminalModule } from '../terminal-module.js';
import { emptyViewState, nextViewState } from '../view-model/cluster-view.js';
import { Dashboard } from './dashboard.js';
import { createInkOutput } from './ink-output.js';
import { type Key, keysOf } from './keys.js';
import { reduce } from './reducer.js';
import { Screen } from './screen-renderer.js';
import { type Event, initialState, type State } from './state.js';
import { isUtf8 } from './symbols.js';
import { sizeOf } from './terminal-size.js';
import { Store } from './throttled-store.js';

/** The minimum interval between two views, ms. Nodes push more often than a user can read. */
const VIEW_MS = 500;
/** The time for which log entries are collected before they are shown together, ms. */
const LOG_MS = 250;
/** The interval at which the links of a node are requested again while they are on the screen, ms. */
const LINKS_MS = 2000;
/** The interval at which the dashboard checks whether the links of a node are on the screen, ms. */
const LINKS_CHECK_MS = 200;
/** The interval at which ages and uptimes are updated, ms. */
const TICK_MS = 1000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const runTerminal: TerminalModule['runTerminal'] = async ({
  source,
  title,
  stdin,
  stdout,
  env = process.env,
}) => {
  const sizeNow = () => sizeOf(stdout, env);
  const store = new Store<State, Event>(reduce, initialState(title, sizeNow(), performance.now()));
  const screen = new Screen(stdout, {
    hasColours: (env['NO_COLOR'] ?? '') === '',
    isUtf8: isUtf8(env),
    size: sizeNow,
  });
  const cleanUp: (() => void)[] = [];
  const leave = (): void => screen.leave();
  const redraw = (): void => {
    screen.clear();
    store.dispatch([{ type: 'resize', size: sizeNow() }], 'urgent');
  };
  try {
    await new Promise<void>((resolve, reject) => {
      // The terminal is restored when the Node.js process exits. After an uncaught exception, it is restored before
      // Node.js prints the error, because text on the alternate screen would be lost.
      process.once('exit', leave).once('uncaughtExceptionMonitor', leave);
      cleanUp.push(() => process.off('exit', leave).off('uncaughtExceptionMonitor', leave));
      for (const signal of SIGNALS) process.once(signal, resolve);
      cleanUp.push(() => SIGNALS.forEach((signal) => void process.off(signal, resolve)));
      stdout.on('resize', redraw).once('error', reject);
      cleanUp.push(() => stdout.off('resize', redraw).off('error', reject));

      screen.enter();
      cleanUp.push(leave);
      const onKeys = (keys: readonly Key[]): void => {
        if (keys.some(({ name }) => name === 'redraw')) redraw();
        const events = keys.map((key) => ({ type: 'key' as const, key }));
        if (store.dispatch(events, 'urgent').hasQuit) resolve();
      };
      const ink = render(<App store={store} onKeys={onKeys} />, {
        stdin,
        stdout: createInkOutput(stdout, sizeNow, (text) => screen.draw(text)),
        // In debug mode, Ink writes each screen in full and without delay. `Store` limits the rate of screens, and
        // `Screen` passes only changed lines on to the terminal.
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
      });
      cleanUp.push(() => ink.unmount());
      ink.waitUntilExit().then(() => resolve(), reject);

      const event$ = merge(
        eventsOf(source),
        linkEventsOf(source, () => store.published()),
      );
      const subscription = event$.subscribe({ next: (event) => store.dispatch([event]), error: reject });
      cleanUp.push(() => subscription.unsubscribe());
    });
  } finally {
    store.stop();
    for (const undo of cleanUp.reverse()) undo();
  }
};

function App({
  store,
  onKeys,
}: {
  readonly store: Store<State, Event>;
  readonly onKeys: (keys: readonly Key[]) => void;
}) {
  const state = useSyncExternalStore(store.subscribe, store.published);
  useInput((input, key) => onKeys(keysOf(input, key)));
  return <Dashboard state={state} />;
}

/**
 * Emits the links of the node whose links are on the screen, or why they cannot be shown. Requests them again every
 * `LINKS_MS`, unless the previous request is still pending.
 */
function linkEventsOf(source: ClusterSource, stateNow: () => State): Observable<Event> {
  const shownNode = (): string | undefined => {
    const overlay = stateNow().overlays.at(-1);
    return overlay?.type === 'links' ? overlay.nodeId : undefined;
  };
  const request = (nodeId: string): Observable<Event> => {
    if (source.getNodeLinks === undefined)
      return of({ type: 'links', nodeId, problem: 'the source does not report links' });
    return from(source.getNodeLinks(nodeId)).pipe(
      map((links): Event => ({ type: 'links', nodeId, links })),
      catchError((error: unknown) => of<Event>({ type: 'links', nodeId, problem: String(error) })),
    );
  };
  return interval(LINKS_CHECK_MS).pipe(
    map(shownNode),
    distinctUntilChanged(),
    switchMap((nodeId) => (nodeId === undefined ? EMPTY : timer(0, LINKS_MS).pipe(exhaustMap(() => request(nodeId))))),
  );
}

function eventsOf({ snapshot$, log$ }: ClusterSource): Observable<Event> {
  const view$ = snapshot$.pipe(
    throttleTime(VIEW_MS, undefined, { leading: true, trailing: true }),
    scan(nextViewState, emptyViewState),
    map(({ view }): Event => ({ type: 'view', view, now: performance.now() })),
  );
  const entries$ = log$.pipe(
    bufferTime(LOG_MS),
    filter((entries) => entries.length > 0),
    map((entries): Event => ({ type: 'log', entries })),
  );
  const tick$ = interval(TICK_MS).pipe(map((): Event => ({ type: 'tick', now: performance.now() })));
  return merge(concat(view$, of<Event>({ type: 'ended' })), entries$, tick$);
}
