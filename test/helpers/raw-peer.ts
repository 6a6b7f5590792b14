import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { decode, encode } from '../../src/cluster/codec.js';
import { type Frame, MAX_FRAME_BYTES, type ReceivedFrame, type Role } from '../../src/cluster/frames.js';
import { advance, createNonce, dial, type HandshakeState, open, sessionOf } from '../../src/cluster/mesh/handshake.js';
import type { Session } from '../../src/cluster/mesh/session.js';
import { NodeId } from '../../src/cluster/node-id.js';

/** A WebSocket client without a cluster around it, which may say what it likes. */
export class RawPeer {
  readonly socket: WebSocket;
  /** Everything the node said. */
  readonly received: ReceivedFrame[] = [];
  /** In how many messages it said it. */
  messages = 0;
  /** Whether it says that it is there when it is asked. */
  answersProbes = false;
  #handshake: HandshakeState | undefined;
  #session: Session | undefined;
  /** `4012 malformed`, once the connection is closed. */
  readonly closed: Promise<string>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.messages += 1;
      const text = this.#session === undefined ? data.toString() : this.#session.open(data.toString());
      for (const line of text?.split('\n') ?? []) {
        const frame = decode(line, { maxBytes: MAX_FRAME_BYTES });
        this.received.push(frame);
        // At once: the next message may be here already, and under the seal.
        this.#shakeHands(frame, line);
        if (frame.type === 'probe' && this.answersProbes) this.send({ type: 'probe_ack' });
      }
    });
    socket.on('error', () => undefined); // 'close' comes after it
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
    });
  }

  /** Connects, and says nothing. */
  static async connect(to: NodeId, localAddress?: string): Promise<RawPeer> {
    const { host, port } = NodeId.parts(to);
    const options = { perMessageDeflate: false, ...(localAddress !== undefined && { localAddress }) };
    const peer = new RawPeer(new WebSocket(`ws://${host}:${port}`, options));
    await once(peer.socket, 'open');
    return peer;
  }

  /** Connects, and goes through the handshake as a node would. */
  static async join(
    to: NodeId,
    as: NodeId,
    secret?: string,
    role: Role = 'member',
    localAddress?: string,
  ): Promise<RawPeer> {
    const peer = await RawPeer.connect(to, localAddress);
    const opening = dial(
      {
        id: as,
        role,
        incarnation: bornNow(),
        secrets: secret === undefined ? [] : [secret],
        observerSecrets: [],
        nonce: createNonce(),
      },
      { id: to },
    );
    peer.#handshake = opening.state;
    peer.send(opening.send);
    while (peer.#handshake.step !== 'established') {
      await Promise.race([
        once(peer.socket, 'message'),
        peer.closed.then((closing) => Promise.reject(new Error(closing))),
      ]);
    }
    return peer;
  }

  #shakeHands(frame: ReceivedFrame, text: string): void {
    if (this.#handshake === undefined || this.#handshake.step === 'established' || frame.type === 'refused') return;
    const step = advance(this.#handshake, frame, text);
    if (!step.ok) {
      this.socket.terminate();
      return;
    }
    if (step.state.step === 'welcomed') {
      this.#session = sessionOf(step.state, 'dialer');
      const { state, send } = open(step.state);
      this.#handshake = state;
      this.send(send);
    } else {
      this.#handshake = step.state;
      if (step.send !== undefined) this.send(step.send);
    }
  }

  /** Writes the header of a text message of that many bytes, with a mask that changes nothing, and none of the bytes. */
  beginMessage(bytes: number): void {
    const header = Buffer.alloc(14);
    header.writeUInt16BE(0x81ff);
    header.writeBigUInt64BE(BigInt(bytes), 2);
    socketOf(this.socket).write(header);
  }

  continueMessage(bytes: string): void {
    socketOf(this.socket).write(bytes);
  }

  send(frame: Frame): void {
    const text = encode(frame);
    this.socket.send(this.#session?.seal(text) ?? text);
  }
}

/** The socket beneath, which ws does not show. */
function socketOf(webSocket: WebSocket): Socket {
  return (webSocket as unknown as { readonly _socket: Socket })._socket;
}

/** In microseconds, so that one who comes in the same millisecond as another under its id is not taken for the same. */
function bornNow(): number {
  return Math.round(1000 * (performance.timeOrigin + performance.now()));
}
