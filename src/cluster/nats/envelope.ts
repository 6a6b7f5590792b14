import { ProtocolError } from '../../errors.js';

/** What stands before a piece of a frame. */
export interface EnvelopeHead {
  /** The incarnation of the sender. */
  readonly from: number;
  /** The incarnation of the receiver. */
  readonly to: number;
  readonly epoch: number;
  /** The pieces of an epoch are numbered from 1. */
  readonly sequence: number;
  /** Whether the frame goes on in the next piece. */
  readonly hasMore: boolean;
  /** How many bytes the sender has received in this epoch. */
  readonly received: number;
}

/** The most bytes of a head, with the line break after it. */
export const MAX_HEAD_BYTES = 128;

const BRACKET = '['.charCodeAt(0);
const LINE_BREAK = '\n'.charCodeAt(0);

/** Whether a payload is an envelope with a piece of a frame, and no message of the engine itself. */
export function isEnvelope(payload: Uint8Array): boolean {
  return payload[0] === BRACKET;
}

export function encodeEnvelope(head: EnvelopeHead, piece: Uint8Array): Uint8Array {
  const { from, to, epoch, sequence, hasMore, received } = head;
  return Buffer.concat([Buffer.from(`[${from},${to},${epoch},${sequence},${hasMore ? 1 : 0},${received}]\n`), piece]);
}

/** @throws ProtocolError (`malformed`) */
export function decodeEnvelope(payload: Uint8Array): { readonly head: EnvelopeHead; readonly piece: Uint8Array } {
  const end = payload.subarray(0, MAX_HEAD_BYTES).indexOf(LINE_BREAK);
  const fields = Buffer.from(payload.subarray(1, Math.max(1, end - 1)))
    .toString('latin1')
    .split(',')
    .map(Number);
  const [from, to, epoch, sequence, more, received] = fields as [number, number, number, number, number, number];
  if (end < 0 || fields.length !== 6 || !fields.every((field) => Number.isSafeInteger(field) && field >= 0))
    throw new ProtocolError('malformed', 'an envelope with a bad head');
  return { head: { from, to, epoch, sequence, hasMore: more === 1, received }, piece: payload.subarray(end + 1) };
}
