import { isolated, warn } from '../errors.js';
import { jsonLine, textBlock } from './reporter-format.js';

/**
 * Where crashes and other problems are written. The methods are those of pino and of loggers like it: the facts as plain
 * data, then one line of text for people.
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

/** The fields of all reports; each adds those of its event. */
export interface ReportFields {
  readonly event: string;
  /** When it happened, ms since the epoch. */
  readonly at: number;
  readonly [field: string]: unknown;
}

interface DefaultReporterOptions {
  /** `NOEX_LOG=json`: one line of JSON per report. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes whole lines. */
  readonly write: (text: string) => void;
}

/** Writes readable blocks of text, or lines of JSON. The environment is read once, here. */
export function defaultReporter({ env, write }: DefaultReporterOptions): Reporter {
  const render = env['NOEX_LOG'] === 'json' ? jsonLine : textBlock;
  const at = (level: Report['level']) => (fields: object, text: string) => write(render(level, fields, text));
  return { error: at('error'), warn: at('warn') };
}

/** Writes to stderr of this Node.js process. Where stderr is closed, what is written is lost, and nothing else happens. */
export function writeToStderr(text: string): void {
  const { stderr } = process;
  // Without a listener the error of a closed pipe would end the program, at this write or a later one.
  if (!stderr.listeners('error').includes(ignore)) stderr.on('error', ignore);
  stderr.write(text);
}

function ignore(): void {
  // There is nowhere left to report it.
}

/**
 * `reporter` as it may be used anywhere: what it throws, or rejects with, harms nothing. The first such error is a warning of
 * Node.js; a report that could not be written goes to `fallback`.
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
