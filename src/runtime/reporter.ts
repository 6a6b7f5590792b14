import { isolated, warn } from '../errors.js';
import { jsonLine, textBlock } from './report-format.js';

/**
 * Writes reports of crashes and other problems. A pino logger, or any logger with the same two methods, is a Reporter.
 * The first argument has the details as plain data, the second is one line of text.
 */
export interface Reporter {
  error(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

/** One report, before it is written. */
export interface Report {
  readonly level: 'error' | 'warn';
  readonly fields: ReportFields;
  readonly text: string;
}

/** The fields that all reports have. Each report also has the fields of its event. */
export interface ReportFields {
  /** The type of the event, or `error` or `summary`. */
  readonly event: string;
  /** When the event happened, ms since the epoch. */
  readonly at: number;
  readonly [field: string]: unknown;
}

interface DefaultReporterOptions {
  /** The environment. With `NOEX_LOG=json`, each report is one line of JSON. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Receives one or more complete lines at a time. */
  readonly write: (text: string) => void;
}

/** Makes the default reporter, which writes readable blocks of text or lines of JSON. Reads the environment once. */
export function defaultReporter({ env, write }: DefaultReporterOptions): Reporter {
  const render = env['NOEX_LOG'] === 'json' ? jsonLine : textBlock;
  const at = (level: Report['level']) => (fields: object, text: string) => write(render(level, fields, text));
  return { error: at('error'), warn: at('warn') };
}

/** Writes to stderr of this Node.js process. If stderr is closed, the text is lost without an error. */
export function writeToStderr(text: string): void {
  const { stderr } = process;
  // Without an `error` listener, a closed pipe would end the program, at this write or a later one.
  if (!stderr.listeners('error').includes(ignore)) stderr.on('error', ignore);
  stderr.write(text);
}

function ignore(): void {
  // If stderr fails, there is no other place to report an error.
}

/**
 * Returns a reporter that never throws. A report that `reporter` fails to write goes to `fallback`. The first error
 * that `reporter` throws or rejects with becomes a Node.js warning.
 */
export function isolatedReporter(reporter: Reporter, fallback: Reporter): Reporter {
  let isWarned = false;
  const failed = (error: Error): void => {
    if (!isWarned) warn(error);
    isWarned = true;
  };
  const at =
    (level: Report['level']) =>
    (fields: object, text: string): void => {
      isolated(
        () => reporter[level](fields, text),
        (error) => {
          failed(error);
          isolated(() => fallback[level](fields, text), failed)();
        },
      )();
    };
  return { error: at('error'), warn: at('warn') };
}
