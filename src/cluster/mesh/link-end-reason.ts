import { clip } from '../codec.js';
import { MAX_FRAME_BYTES } from '../frames.js';
import type { Closing, TransportViolation } from '../transport/transport.js';
import { closeReasonOf } from './close-reason.js';

/** Why a link ended, if its owner did not end it. */
export type LinkEndReason =
  /** One side refused the other: `by` is the refusing side. A peer's `reason` may be unknown to this version. */
  | { readonly kind: 'refused'; readonly by: 'us' | 'peer'; readonly reason: string; readonly message: string }
  /** The connection broke or could not be established. `reason` is a text from this machine or the other side. */
  | { readonly kind: 'broken'; readonly reason: string };

/** What errors say about each violation of the transport's rules. */
export const VIOLATION_MESSAGES: Readonly<Record<TransportViolation, string>> = {
  binary_frame: 'a binary message, but frames are text',
  frame_too_large: `a frame over the limit (${MAX_FRAME_BYTES} bytes, fewer during the handshake)`,
  forged: 'message authentication failed (MAC or sequence mismatch)',
  malformed: 'not a WebSocket message, or one in too many pieces',
  handshake_timeout: 'no handshake within the time limit, connecting included',
};

/** Returns why the link of a closed connection ended: a known close code means that the peer refused the link. */
export function endReasonOf({ code, reason }: Closing): LinkEndReason {
  const refusal = closeReasonOf(code);
  if (refusal !== undefined) return { kind: 'refused', by: 'peer', reason: refusal, message: 'it gave no details' };
  return { kind: 'broken', reason: clip(reason) };
}
