import { InvalidArgumentError, isError } from '../errors.js';
import type { TerminationReason } from './gen-server-types.js';

/** Checks that a value is a termination reason. @throws InvalidArgumentError */
export function checkReason(reason: TerminationReason): void {
  const known: readonly unknown[] = ['normal', 'shutdown', 'killed'];
  if (known.includes(reason)) return;
  if (typeof reason === 'object' && reason !== null && isError(reason.error)) return;
  throw new InvalidArgumentError('reason', `${known.join(' | ')} | { error: Error }`, reason);
}
