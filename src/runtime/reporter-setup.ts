import { type Clock, systemClock } from '../clock.js';
import { InvalidArgumentError, isolated, warn } from '../errors.js';
import { defaultReporter, isolatedReporter, type Reporter, writeToStderr } from './reporter.js';
import { EventReporter, type ReportedEvent } from './reporter-events.js';

/** How long stderr may take for what was written, ms; then the process ends without. */
const FLUSH_MS = 1000;

/** What happens after a supervisor without a supervisor gave up. */
export type OnRootExit = 'report' | 'exit';

export interface ReportingOptions {
  /** Default: stderr. `false`: no reports. */
  readonly reporter?: Reporter | false | undefined;
  /** Default `report`. `exit`: this Node.js process ends with exit code 1 once the report is written. */
  readonly onRootExit?: OnRootExit | undefined;
  readonly clock: Clock;
  /** This node, while it is part of a cluster. */
  nodeId(): string | undefined;
  /** Ends this Node.js process. */
  readonly exit?: (code: number) => void;
}

/** The reports of one runtime. */
export interface Reporting {
  /** Whether it wants to hear of events at all. */
  readonly isActive: boolean;
  handle(event: ReportedEvent): void;
  /** Reports an error that no caller waits for. */
  problem(thrown: unknown): void;
  /** Writes what waits now. */
  flush(): void;
}

/** @throws InvalidArgumentError */
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
 * The error handler of a program as it may be called anywhere. When it throws or rejects, that is a warning of Node.js, and
 * the error that it was given goes to `fallback`, unless it threw just that.
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

/** Ends this Node.js process when stderr has taken what was written. */
function exitProcess(code: number): void {
  process.exitCode = code;
  const exit = (): never => process.exit(code);
  process.stderr.write('', exit);
  // A program may have replaced `stderr.write` by a function that never calls back.
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
