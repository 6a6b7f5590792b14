import type { SerializedError, SerializedExitReason } from '../../streams/events.js';
import { asError, inspected, isError, ThrownValueError, UNREADABLE } from '../errors.js';
import type { TerminationReason } from './gen-server-types.js';

/** How many levels of causes and nested errors are kept below the error itself. */
const MAX_DEPTH = 5;
/** How many elements of the `errors` of one error, such as an AggregateError, are kept. */
const MAX_ERRORS = 10;
/** How many errors and other values are kept altogether, including the error itself. */
const MAX_PARTS = 30;

/**
 * Converts an error and its causes to plain data. Accepts any thrown value, and errors with properties of any type. It
 * never throws: a property that throws when read is omitted or replaced by a placeholder. Cycles are cut.
 */
export function serializeError(thrown: unknown): SerializedError {
  return serialize(asError(thrown), { path: new Set(), parts: 0 }, 0);
}

interface Walk {
  /** The errors that contain the current one. */
  readonly path: Set<unknown>;
  parts: number;
}

function serialize(error: Error, walk: Walk, depth: number): SerializedError {
  walk.parts += 1;
  walk.path.add(error);
  const name = read(error, 'name');
  const message = read(error, 'message');
  const stack = read(error, 'stack');
  const code = read(error, 'code');
  // The message of ThrownValueError already contains the thrown value.
  const cause = error instanceof ThrownValueError ? undefined : read(error, 'cause');
  const serializedCause = cause === undefined || cause === FAILED ? undefined : nested(cause, walk, depth);
  const errors = errorsOf(error, walk, depth);
  walk.path.delete(error);
  return {
    name: textOf(name, 'Error'),
    message: textOf(message, UNREADABLE),
    ...(typeof stack === 'string' && { stack }),
    ...((typeof code === 'string' || Number.isFinite(code)) && { code: code as string | number }),
    ...(serializedCause !== undefined && { cause: serializedCause }),
    ...(errors !== undefined && { errors }),
  };
}

function errorsOf(error: Error, walk: Walk, depth: number): readonly SerializedError[] | undefined {
  const errors = read(error, 'errors');
  if (!Array.isArray(errors)) return undefined;
  try {
    const serialized = errors.slice(0, MAX_ERRORS).map((each) => nested(each, walk, depth));
    return serialized.filter((each) => each !== undefined);
  } catch {
    return undefined;
  }
}

/** Converts a cause or nested error. Returns `undefined` if a limit is reached or the value contains itself. */
function nested(value: unknown, walk: Walk, depth: number): SerializedError | undefined {
  if (depth >= MAX_DEPTH || walk.parts >= MAX_PARTS || walk.path.has(value)) return undefined;
  if (isError(value)) return serialize(value, walk, depth + 1);
  walk.parts += 1;
  return { name: 'Value', message: inspected(value) };
}

const FAILED = Symbol('a property that throws when it is read');

function read(error: Error, property: string): unknown {
  try {
    return Reflect.get(error, property);
  } catch {
    return FAILED;
  }
}

/** Converts the value of a name or message property to text. Returns `otherwise` if the value has no text. */
function textOf(value: unknown, otherwise: string): string {
  if (value === FAILED) return otherwise;
  try {
    return String(value);
  } catch {
    return otherwise;
  }
}

/** Converts a termination reason to plain data. */
export function serializeExitReason(reason: TerminationReason): SerializedExitReason {
  return typeof reason === 'string' ? reason : { error: serializeError(reason.error) };
}
