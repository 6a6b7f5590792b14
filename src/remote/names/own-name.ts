import type { Stamp } from './claim.js';
import type { ClaimMode } from './global-names-ports.js';

/** A name that a process of this node claims or owns. */
export interface OwnName {
  readonly processId: string;
  readonly stamp: Stamp;
  readonly onConflict: ClaimMode;
  /** Stops watching the process. `undefined`: the process is not watched yet, for example because it does not exist. */
  unwatch: (() => void) | undefined;
  /** Settles the registration; `undefined` once the claim is held. */
  settle: { resolve(): void; reject(error: Error): void; cancelTimer(): void } | undefined;
}

/** Whether a name is reported to observers: its claim is held, and its process exists and is watched. */
export function isShown({ settle, unwatch }: OwnName): boolean {
  return settle === undefined && unwatch !== undefined;
}
