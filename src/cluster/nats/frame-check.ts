import { ProtocolError } from '../../errors.js';
import { decode } from '../codec.js';
import { type DeliveredFrame, isDelivered, MAX_FRAME_BYTES, MAX_OBSERVER_BYTES } from '../frames.js';
import type { Peer } from './peer.js';

/** Decodes a frame from a peer. Returns `undefined` for a type that this version does not know. @throws ProtocolError */
export function readFrame({ name }: Peer, text: string): DeliveredFrame | undefined {
  const frame = decode(text, { maxBytes: name.role === 'observer' ? MAX_OBSERVER_BYTES : MAX_FRAME_BYTES });
  if (frame.type === 'unknown') return undefined;
  if (!isDelivered(frame)) throw new ProtocolError('malformed', `a ${frame.type} frame`);
  return frame;
}

/** Why a peer may not send a frame; `undefined` if it may. An observer may only call public methods, and not too often. */
export function violationOf(
  peer: Peer,
  frame: DeliveredFrame,
  now: number,
  isPublic: (method: string) => boolean,
): { readonly reason: string; readonly problem: string } | undefined {
  if (peer.name.role === 'member') return undefined;
  if (!peer.takeToken(now)) return { reason: 'rate_limited', problem: 'the observer sends too many frames' };
  if (frame.type === 'request' && isPublic(frame.method)) return undefined;
  const what = frame.type === 'request' ? `a request of ${frame.method}` : frame.type;
  return { reason: 'not_permitted', problem: `an observer may not send ${what}` };
}
