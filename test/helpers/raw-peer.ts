import { once } from 'node:events';
import { WebSocket } from 'ws';
import { decode, encode } from '../../src/cluster/codec.js';
import { type Frame, MAX_FRAME_BYTES, type Role } from '../../src/cluster/frames.js';
import { advance, createNonce, dial, sessionOf } from '../../src/cluster/handshake.js';
import { NodeId } from '../../src/cluster/node-id.js';
import type { Session } from '../../src/cluster/session.js';

/** A WebSocket client without a cluster around it, which may say what it likes. */
export class RawPeer {
  readonly socket: WebSocket;
  /** Everything the node said. */
  readonly received: Frame[] = [];
  /** In how many messages it said it. */
  messages = 0;
  /** Whether it says that it is there when it is asked. */
  answersProbes = false;
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
        if (frame.type === 'probe' && this.answersProbes) this.send({ type: 'probe_ack' });
      }
    });
    socket.on('error', () => undefined); // 'close' comes after it
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
    });
  }

  /** Connects, and says nothing. */
  static async connect(to: NodeId): Promise<RawPeer> {
    const { host, port } = NodeId.parts(to);
    const peer = new RawPeer(new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false }));
    await once(peer.socket, 'open');
    return peer;
  }

  /** Connects, and goes through the handshake as a node would. */
  static async join(to: NodeId, as: NodeId, secret?: string, role: Role = 'member'): Promise<RawPeer> {
    const peer = await RawPeer.connect(to);
    const opening = dial(
      {
        id: as,
        role,
        incarnation: Date.now(),
        secrets: secret === undefined ? [] : [secret],
        observerSecrets: [],
        nonce: createNonce(),
      },
      { id: to },
    );
    let { state } = opening;
    peer.send(opening.send);
    for (let seen = 0; state.step !== 'established'; seen++) {
      while (peer.received.length <= seen) {
        await Promise.race([
          once(peer.socket, 'message'),
          peer.closed.then((closing) => Promise.reject(new Error(closing))),
        ]);
      }
      const frame = peer.received[seen] as Frame;
      if (frame.type === 'refused') throw new Error(await peer.closed);
      const step = advance(state, frame);
      if (!step.ok) throw new Error(step.refusal.message);
      state = step.state;
      if (step.send !== undefined) peer.send(step.send);
    }
    peer.#session = sessionOf(state, 'dialer');
    return peer;
  }

  send(frame: Frame): void {
    const text = encode(frame);
    this.socket.send(this.#session?.seal(text) ?? text);
  }
}
