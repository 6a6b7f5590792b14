import { fc } from '@fast-check/vitest';
import { decode, encode } from '../../src/cluster/codec.js';
import { MAX_FRAME_BYTES } from '../../src/cluster/frames.js';
import { advance, createNonce, dial, type HandshakeState, open } from '../../src/cluster/mesh/handshake.js';
import { NodeId } from '../../src/cluster/node-id.js';
import type { Connection } from '../../src/cluster/transport/transport.js';
import { ObservedCluster } from '../helpers/observed-cluster.js';
import { peerFrame, sent } from './frames.js';
import { asText, checkPrototypes, nearly } from './hostile.js';
import type { Target } from './target.js';

/** One that was let in, and says what it likes. */
class Insider {
  readonly #connection: Connection;
  #state: HandshakeState;
  isClosed = false;

  constructor(runtime: ObservedCluster, to: NodeId, port: number, incarnation: number, role: 'member' | 'observer') {
    const here = { host: '127.0.0.1', port };
    const transport = runtime.network.transport();
    // So that it has an address of its own; no request is answered there.
    transport
      .listen(here, (connection) => connection.terminate())
      .catch((thrown: unknown) => {
        throw thrown;
      });
    const id = NodeId.create(role, here.host, port);
    const opening = dial({ id, incarnation, role, secrets: [], observerSecrets: [], nonce: createNonce() }, { id: to });
    this.#state = opening.state;
    this.#connection = transport.connect(NodeId.parts(to));
    this.#connection.handle({
      onOpen: () => this.#connection.send(encode(opening.send)),
      onMessage: (text) => this.#hear(text),
      onViolation: () => undefined,
      onClose: () => {
        this.isClosed = true;
      },
    });
  }

  get isIn(): boolean {
    return this.#state.step === 'established';
  }

  say(text: string): void {
    this.#connection.send(text);
  }

  #hear(text: string): void {
    if (this.isIn) return;
    const step = advance(this.#state, decode(text, { maxBytes: MAX_FRAME_BYTES }), text);
    if (!step.ok) throw new Error(step.refusal.message);
    const { state, send } = step.state.step === 'welcomed' ? open(step.state) : step;
    this.#state = state;
    if (send !== undefined) this.#connection.send(encode(send));
  }
}

/** No address comes again before what it did is forgiven, with every hundredth life. */
const PORTS = 100;

/** A member or an observer may say anything, in any order: the node lives, answers others, and sees them as they are. */
export const node: Target = {
  name: 'node',
  share: 4,
  async run(cases, measure) {
    const runtime = new ObservedCluster();
    const victim = await runtime.start('nodeA');
    const friend = await runtime.start('nodeB');
    friend.Cluster.onNodeDown((id, reason) => {
      if (id === victim.id) throw new Error(`the friend lost the node: ${reason}`);
    });
    await runtime.run(1000);
    let lives = 0;
    await cases.each(
      fc.record({
        says: fc.array(asText(nearly(sent(peerFrame))), { maxLength: 8 }),
        role: fc.constantFrom('member' as const, 'observer' as const),
      }),
      async ({ says, role }) => {
        lives += 1;
        const port = 20_000 + (lives % PORTS);
        const insider = new Insider(runtime, victim.id, port, lives, role);
        await runtime.run(20);
        if (!insider.isIn) throw new Error('it was not let in');
        for (const text of says) {
          insider.say(text);
          measure(text, () => runtime.clock.advance(2));
        }
        await runtime.run(10);
        runtime.network.kill({ host: '127.0.0.1', port });
        await runtime.run(20);
        const seen = await runtime.settle(friend.ClusterObserver.getNodeSnapshot(victim.id, 1000));
        if (seen.processCount !== 4 || seen.totalMessages !== 40 - 10) throw new Error('the node is not as it was');
        if (victim.Cluster.getNode(friend.id)?.status !== 'connected') throw new Error('it lost its friend');
        if (lives % 100 === 0) await runtime.run(120_000);
        checkPrototypes();
      },
    );
  },
};
