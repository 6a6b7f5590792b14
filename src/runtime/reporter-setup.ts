import { type Clock, systemClock } from '../clock.js';
import { InvalidArgumentError, isolated, warn } from '../errors.js';
import { EventReporter, type ReportedEvent } from './event-reporter.js';
import { defaultReporter, isolatedReporter, type Reporter, writeToStderr } from './reporter.js';

/** The maximum time that an exit waits for stderr to write everything, ms. */
const FLUSH_MS = 1000;

/** What happens after a root supervisor gave up. */
export type OnRootExit = 'report' | 'exit';

export interface ReportingOptions {
  /** Default: stderr. `false`: no reports. */
  readonly reporter?: Reporter | false | undefined;
  /** `report` (default): only a report. `exit`: this Node.js process exits with code 1 once the report is written. */
  readonly onRootExit?: OnRootExit | undefined;
  readonly clock: Clock;
  /** The id of this node; `undefined` while its cluster is not running. */
  nodeId(): string | undefined;
  /** Ends this Node.js process. */
  readonly exit?: (code: number) => void;
}

/** Reports crashes and other problems of one runtime. */
export interface Reporting {
  /** Whether `handle` must be called with events. False: there is nothing to report and no exit to trigger. */
  readonly isActive: boolean;
  handle(event: ReportedEvent): void;
  /** Reports an error that is not returned to any caller. */
  problem(thrown: unknown): void;
  /** Writes all pending reports and summaries now. */
  flush(): void;
}

/** @throws InvalidArgumentError if `reporter` is not a Reporter, or `onRootExit` is not one of its values */
export function createReporting(options: ReportingOptions): Reporting {
  const { reporter, onRootExit = 'report', clock, nodeId, exit = exitProcess } = options;
  checkReporter(reporter);
  if (onRootExit !== 'report' && onRootExit !== 'exit') {
    throw new InvalidArgumentError('onRootExit', "'report' or 'exit'", onRootExit);
  }
  const events = new EventReporter({
    clock,
    reporter: reporterOf(reporter),
    nodeId,
    onRootGaveUp() {
      if (onRootExit !== 'exit') return;
      events.flush();
      exit(1);
    },
  });
  return {
    isActive: reporter !== false || onRootExit === 'exit',
    handle: (event) => events.handle(event),
    problem: (thrown) => events.problem(thrown),
    flush: () => events.flush(),
  };
}

/**
 * Wraps the `onError` of a program so that the returned function never throws. If `onError` throws or rejects, the
 * thrown error becomes a Node.js warning, and the error that `onError` was called with goes to `fallback`. If the two
 * are the same error, there is only the warning.
 */
export function guarded(
  onError: (error: unknown) => unknown,
  fallback: (error: unknown) => void,
): (error: unknown) => void {
  return (error) => {
    const failed = (thrown: Error): void => {
      warn(thrown);
      if (thrown !== error) fallback(error);
    };
    isolated(onError, failed)(error);
  };
}

function reporterOf(reporter: Reporter | false | undefined): Reporter {
  if (reporter === false) return { error: () => undefined, warn: () => undefined };
  const fallback = defaultReporter({ env: process.env, write: writeToStderr });
  return reporter === undefined ? fallback : isolatedReporter(reporter, fallback);
}

/** Ends this Node.js process once stderr has written everything, or after {@link FLUSH_MS}. */
function exitProcess(code: number): void {
  process.exitCode = code;
  const exit = (): never => process.exit(code);
  process.stderr.write('', exit);
  // A program may have replaced `stderr.write` with a function that never calls the callback.
  systemClock.setTimeout(exit, FLUSH_MS).unref();
}

function checkReporter(reporter: unknown): void {
  if (reporter === undefined || reporter === false) return;
  const isLogger =
    typeof reporter === 'object' &&
    reporter !== null &&
    ['error', 'warn'].every((method) => typeof Reflect.get(reporter, method) === 'function');
  if (!isLogger) {
    throw new InvalidArgumentError('reporter', 'a logger with error() and warn(), as of pino, or false', reporter);
  }
}
