import { createHmac, timingSafeEqual } from 'node:crypto';
import { SEAL_CHARS } from '../transport/transport.js';

/** The bytes of a MAC that are sent: half of SHA-256, as hard to guess as a key. In base64: {@link SEAL_CHARS}. */
const MAC_BYTES = 16;

/**
 * Seals what one link carries after its handshake, in both directions. Each message carries a MAC over its text and its
 * place in the order, under a key that only the two sides of this very handshake can know: a message that was changed,
 * left out, repeated, reordered, or taken from another link or the other direction does not fit.
 */
export class Session {
  readonly #sendKey: Buffer;
  readonly #receiveKey: Buffer;
  #sent = 0;
  #received = 0;

  /** @param transcript all that both sides sent in the handshake */
  constructor(secret: string, transcript: string, side: 'dialer' | 'acceptor') {
    const keyOf = (from: typeof side): Buffer =>
      createHmac('sha256', secret).update(`session from ${from}`).update(transcript).digest();
    this.#sendKey = keyOf(side);
    this.#receiveKey = keyOf(side === 'dialer' ? 'acceptor' : 'dialer');
  }

  /** Seals the next message to send. */
  seal(text: string): string {
    this.#sent += 1;
    return mac(this.#sendKey, this.#sent, text) + text;
  }

  /** Opens the next received message; `undefined` if it is not what the other side sent next. */
  open(sealed: string): string | undefined {
    this.#received += 1;
    const text = sealed.slice(SEAL_CHARS);
    // Compared as text, because several base64 spellings decode to the same bytes.
    const given = Buffer.from(sealed.slice(0, SEAL_CHARS));
    const right = Buffer.from(mac(this.#receiveKey, this.#received, text));
    return given.length === right.length && timingSafeEqual(given, right) ? text : undefined;
  }
}

function mac(key: Buffer, place: number, text: string): string {
  const whole = createHmac('sha256', key).update(`${place}\n`).update(text).digest();
  return whole.subarray(0, MAC_BYTES).toString('base64');
}
