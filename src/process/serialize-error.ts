import type { SerializedError, SerializedExitReason } from '../../streams/events.js';
import { asError, inspected, isError, ThrownValueError, UNREADABLE } from '../errors.js';
import type { TerminationReason } from './gen-server-types.js';

/** How deep causes and errors of errors are followed, below the error itself. */
const MAX_DEPTH = 5;
/** How many errors of an AggregateError are kept. */
const MAX_ERRORS = 10;
/** How many errors one is made of at most, itself included. */
const MAX_PARTS = 30;

/**
 * An error as plain data with its causes, whatever its author put in the place of its properties, and whatever was
 * thrown in place of an error. Total: of a property that throws when it is read, nothing is kept. Cycles are cut.
 */
export function serializeError(thrown: unknown): SerializedError {
  return serialize(asError(thrown), { path: new Set(), parts: 0 }, 0);
}

interface Walk {
  /** The errors above the current one. */
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
  // What was thrown in place of an error is in the message of its wrapper already.
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
    const facts = errors.slice(0, MAX_ERRORS).map((one) => nested(one, walk, depth));
    return facts.filter((fact) => fact !== undefined);
  } catch {
    return undefined;
  }
}

/** An error within an error; `undefined` where it would be one too many, or is one of those above. */
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

/** What stands in the place of a name or message, as text. */
function textOf(value: unknown, otherwise: string): string {
  if (value === FAILED) return otherwise;
  try {
    return String(value);
  } catch {
    return otherwise;
  }
}

/** A termination reason as plain data. */
export function serializeExitReason(reason: TerminationReason): SerializedExitReason {
  return typeof reason === 'string' ? reason : { error: serializeError(reason.error) };
}
