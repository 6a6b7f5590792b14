import type { NodeLink, SerializedError } from '../../../streams/index.js';

/**
 * The JSON response to a request for data that the feed does not send. The response has exactly one of these fields.
 */
export interface OnDemandDetails {
  /** The error of a log line, with its stack. */
  readonly error?: SerializedError;
  /** The links of a node with the other nodes. */
  readonly links?: readonly NodeLink[];
  /** Why the server cannot send the data, as text for the user. */
  readonly problem?: string;
}
