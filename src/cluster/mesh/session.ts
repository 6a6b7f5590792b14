import { createHmac, timingSafeEqual } from 'node:crypto';
import { SEAL_CHARS } from '../transport/transport.js';

/**
 * The length of a MAC, bytes: half of a SHA-256 hash, which is too long to guess. In base64, a MAC has {@link
 * SEAL_CHARS} characters.
 */
const MAC_BYTES = 16;

/**
 * Authenticates the messages of one link after its handshake, in both directions. Each message carries a MAC over its
 * text and its sequence number. The keys are derived from the secret and the handshake, and each direction has its own.
 * So the receiver detects messages that were changed, omitted, repeated, reordered, or taken from another link or from
 * the other direction. A third party that knows the secret and has read the handshake can compute the keys.
 */
export class Session {
  readonly #sendKey: Buffer;
  readonly #receiveKey: Buffer;
  /** The sequence number of the last message sent. */
  #sent = 0;
  /** The sequence number of the last message received. */
  #received = 0;

  /**
   * @param transcript the hello and the challenge of the handshake, which have the nonces of both sides
   * @param side the role of this side in the handshake
   */
  constructor(secret: string, transcript: string, side: 'dialer' | 'acceptor') {
    const keyOf = (from: typeof side): Buffer =>
      createHmac('sha256', secret).update(`session from ${from}`).update(transcript).digest();
    this.#sendKey = keyOf(side);
    this.#receiveKey = keyOf(side === 'dialer' ? 'acceptor' : 'dialer');
  }

  /** Returns the next message to send, with its MAC in front. */
  seal(text: string): string {
    this.#sent += 1;
    return mac(this.#sendKey, this.#sent, text) + text;
  }

  /**
   * Checks the next received message, and returns its text. Returns `undefined` if the message is not the one that the
   * other side sent next.
   */
  open(sealed: string): string | undefined {
    this.#received += 1;
    const text = sealed.slice(SEAL_CHARS);
    // Compared as text, because several base64 spellings decode to the same bytes.
    const given = Buffer.from(sealed.slice(0, SEAL_CHARS));
    const right = Buffer.from(mac(this.#receiveKey, this.#received, text));
    return given.length === right.length && timingSafeEqual(given, right) ? text : undefined;
  }
}

function mac(key: Buffer, sequence: number, text: string): string {
  const whole = createHmac('sha256', key).update(`${sequence}\n`).update(text).digest();
  return whole.subarray(0, MAC_BYTES).toString('base64');
}
