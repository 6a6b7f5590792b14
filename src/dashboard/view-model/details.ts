import type { NodeLink, SerializedError } from '../../../streams/index.js';

/** What a browser requests only while someone looks at it: one of these. */
export interface Details {
  /** An error of the log, with its stack. */
  readonly error?: SerializedError;
  /** The links of a node with the other nodes. */
  readonly links?: readonly NodeLink[];
  /** Why there are none, as text for the user. */
  readonly problem?: string;
}
