import type { SerializedError } from '../../streams/events.js';

/**
 * The fields of a report that the two output formats use. All are optional, because programs may call the default
 * reporter with any object.
 */
interface Fields {
  readonly at?: number;
  readonly nodeId?: string;
  readonly childId?: string;
  readonly supervisorId?: string;
  readonly supervisorName?: string;
  readonly path?: string;
  readonly messagesLost?: number;
  readonly next?: string;
  readonly lastCrashes?: readonly string[];
  readonly terminateError?: SerializedError;
  readonly err?: SerializedError;
}

/** The maximum length of the text of an error, and of its stack, in characters. In JSON, the limit of every string. */
const MAX_ERROR = 8000;
/** The maximum number of errors printed for one error, itself, its inner errors and its causes included. */
const MAX_ERRORS = 12;

/** Formats a report as one line of JSON, with the field names of pino (`level`, `time`, `msg`). Cuts long strings. */
export function jsonLine(level: 'error' | 'warn', fields: object, text: string): string {
  const { at, ...rest } = fields as Fields;
  return `${JSON.stringify({ level, time: isoTime(at), ...rest, msg: text }, shortened)}\n`;
}

function shortened(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_ERROR ? `${value.slice(0, MAX_ERROR)}...` : value;
}

/** Formats a report as a block of readable lines, followed by an empty line. */
export function textBlock(level: 'error' | 'warn', fields: object, text: string): string {
  const { at, nodeId, messagesLost, next, lastCrashes = [], terminateError, err } = fields as Fields;
  const lines = [
    `[noex] ${isoTime(at)} ${level}: ${text}`,
    ...row('node', nodeId),
    ...row('child', childLine(fields as Fields)),
    ...row('lost', messagesLost === undefined ? undefined : counted(messagesLost, 'message')),
    ...lastCrashes.flatMap((line, index) => row(index === 0 ? 'crashes' : '', line)),
    ...row('next', next),
    // The report of a supervisor that gave up needs no stack: each crash has had its own report.
    ...(err === undefined || lastCrashes.length > 0 ? [] : errorLines(err)),
    ...(terminateError === undefined ? [] : ['  terminate threw, too:', ...errorLines(terminateError)]),
  ];
  return `${printable(lines.join('\n'))}\n\n`;
}

/** Formats a count with its noun: `1 message`, `3 messages`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a duration, given in ms, in seconds: `5 s`, `0.4 s`. */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(ms < 1000 ? 3 : 1))} s`;
}

/** Name, first line of the message, and code of an error, in one line. Cut after 300 characters. */
export function errorHeadline({ name, message, code }: SerializedError): string {
  const [first = ''] = message.split('\n', 1);
  const line = name === 'Value' ? first : `${name}: ${first}`;
  const withCode = code === undefined || line.includes(String(code)) ? line : `${line} (${code})`;
  return withCode.length > 300 ? `${withCode.slice(0, 300)}...` : withCode;
}

function row(title: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`  ${title.padEnd(8)} ${value}`];
}

function childLine({ childId, supervisorId, supervisorName, path }: Fields): string | undefined {
  if (childId === undefined || supervisorId === undefined) return undefined;
  const supervisor = supervisorName === undefined ? supervisorId : `${supervisorId} ('${supervisorName}')`;
  return `'${childId}' of supervisor ${supervisor}${path === undefined ? '' : `, path ${path}`}`;
}

/**
 * The lines of an error with its stack, followed by those of its inner errors and its cause. One line replaces the
 * stack frames at the end that an inner error or cause has in common with the error above it.
 */
function errorLines(error: SerializedError): readonly string[] {
  let left = MAX_ERRORS;
  const lines = (one: SerializedError, title: string, indent: string, above: readonly string[]): readonly string[] => {
    left -= 1;
    if (left < 0) return [];
    const frames = framesOf(one);
    const shown = withoutCommonEnd(frames, above);
    const below = `${indent}  `;
    return [
      ...indented(`${title}${errorText(one)}`.slice(0, MAX_ERROR), indent),
      ...shown.map((frame) => `${below}  ${frame}`),
      ...(one.errors ?? []).flatMap((inner) => lines(inner, '- ', below, frames)),
      ...(one.cause === undefined ? [] : lines(one.cause, 'cause: ', indent, frames)),
    ];
  };
  return lines(error, '', '  ', []);
}

function errorText({ name, message, code }: SerializedError): string {
  const head = name === 'Value' ? message : `${name}: ${message}`;
  return code === undefined || head.includes(String(code)) ? head : `${head} (code ${code})`;
}

/** The frames of a stack. Leaves out the message at the beginning of the stack, which may differ from `message`. */
function framesOf({ stack = '' }: SerializedError): readonly string[] {
  return stack
    .slice(-MAX_ERROR)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}

function withoutCommonEnd(frames: readonly string[], above: readonly string[]): readonly string[] {
  let common = 0;
  while (common < frames.length && frames.at(-1 - common) === above.at(-1 - common)) common += 1;
  // One or two common frames are shown, because the line that would replace them saves no space.
  return common < 3 ? frames : [...frames.slice(0, -common), `... ${common} frames as above`];
}

function indented(text: string, indent: string): readonly string[] {
  return text.split('\n').map((line) => indent + line);
}

export function isoTime(at: number | undefined): string {
  // A clock that the user supplied may return times that `Date` cannot represent.
  return at === undefined || Math.abs(at) > 8.64e15 || Number.isNaN(at)
    ? 'at an unknown time'
    : new Date(at).toISOString();
}

/** Escapes control characters, because the text of an error may come from outside and must not control the terminal. */
function printable(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
