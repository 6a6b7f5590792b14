import { UnknownOptionError } from './errors.js';

/** The first field of `options` that is not one of `known`. */
export function unknownField(options: object, known: readonly string[]): string | undefined {
  return Object.keys(options).find((field) => !known.includes(field));
}

/**
 * Refuses a misspelled option instead of ignoring it. `place` says in the error whose option it is.
 *
 * @throws UnknownOptionError
 */
export function checkKnown(options: object, known: readonly string[], place: string): void {
  const field = unknownField(options, known);
  if (field !== undefined) throw new UnknownOptionError(field, place, known);
}
