import { fc } from '@fast-check/vitest';
import { SimulatedClock } from '../../src/clock.js';
import { createNonce, type LocalSide } from '../../src/cluster/mesh/handshake.js';
import { Link, type LinkHandlers } from '../../src/cluster/mesh/link.js';
import { NodeId } from '../../src/cluster/node-id.js';
import { MemoryNetwork } from '../../src/cluster/transport/memory-transport.js';
import type { Address, Connection } from '../../src/cluster/transport/transport.js';
import { handshakeFrame, peerFrame, sent } from './frames.js';
import { asText, checkPrototypes, nearly } from './hostile.js';
import type { Measure, Target } from './target.js';

const SECRET = 'the secret that the stranger does not know';
const OBSERVER_SECRET = 'nor this one, which lets observers in';
const HERE = { host: '127.0.0.1', port: 5000 };
const THERE = { host: '127.0.0.1', port: 5001 };
const HERE_ID = NodeId.create('here', HERE.host, HERE.port);
const THERE_ID = NodeId.create('there', THERE.host, THERE.port);

function side(id: NodeId, secrets: readonly string[] = [SECRET]): LocalSide {
  return { id, incarnation: 1, role: 'member', secrets, observerSecrets: [OBSERVER_SECRET], nonce: createNonce() };
}

/** What became of a link. */
class Witness implements LinkHandlers {
  established = 0;
  ended = 0;
  released = 0;
  onVerified(link: Link): void {
    this.established += 1;
    link.welcome();
  }
  onWelcomed(link: Link): void {
    this.established += 1;
    link.open();
  }
  onOpened(): void {}
  onFrame(): void {
    this.established += 1;
  }
  onEnd(): void {
    this.ended += 1;
  }
  onReleased(): void {
    this.released += 1;
  }
}

/** What the stranger says next: something made up, something it has heard, or what two who knew the secret once said. */
type Said =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'echo' | 'replay'; readonly pick: number };

const said: fc.Arbitrary<Said> = fc.oneof(
  { weight: 4, arbitrary: asText(nearly(sent(handshakeFrame))).map((text) => ({ type: 'text' as const, text })) },
  asText(nearly(sent(peerFrame))).map((text) => ({ type: 'text' as const, text })),
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('echo' as const, 'replay' as const), pick: fc.nat() }) },
);

/** A link lives by its connection: no other reference is needed. */
function keep(_link: Link): void {}

/** All that was said, sealed messages included, when two who know the secret once linked. */
function overheard(): readonly string[] {
  const texts: string[] = [];
  const [network, clock] = runtime();
  connectTwo(network, clock, (connection) => spied(connection, texts));
  return texts;
}

function spied(connection: Connection, texts: string[]): Connection {
  const { handle, send } = connection;
  connection.handle = (handlers) =>
    handle.call(connection, {
      ...handlers,
      onMessage(text) {
        texts.push(text);
        handlers.onMessage(text);
      },
    });
  connection.send = (text) => {
    texts.push(text);
    send.call(connection, text);
  };
  return connection;
}

function runtime(): readonly [MemoryNetwork, SimulatedClock] {
  const clock = new SimulatedClock();
  return [new MemoryNetwork({ clock }), clock];
}

/** Two who know the secret link. */
function connectTwo(
  network: MemoryNetwork,
  clock: SimulatedClock,
  wrap: (connection: Connection) => Connection = (connection) => connection,
): readonly [Witness, Witness] {
  const [acceptor, dialler] = [new Witness(), new Witness()];
  listen(network, clock, acceptor);
  const connection = wrap(network.transport().connect(HERE));
  keep(new Link({ connection, clock, local: side(THERE_ID), expected: { id: HERE_ID }, handlers: dialler }));
  clock.advance(20);
  return [acceptor, dialler];
}

function listen(network: MemoryNetwork, clock: SimulatedClock, handlers: Witness, secrets?: readonly string[]): void {
  accept(network, HERE, (connection) => keep(new Link({ connection, clock, local: side(HERE_ID, secrets), handlers })));
}

function accept(network: MemoryNetwork, address: Address, accepted: (connection: Connection) => void): void {
  network
    .transport()
    .listen(address, accepted)
    .catch((thrown: unknown) => {
      throw thrown;
    });
}

/** Says all that to a connection, a message at a time, and hears what comes back. */
class Stranger {
  readonly #heard: string[] = [];
  readonly #old: readonly string[];
  readonly #connection: Connection;
  isClosed = false;

  constructor(connection: Connection, old: readonly string[]) {
    this.#connection = connection;
    this.#old = old;
    connection.handle({
      onMessage: (text) => void this.#heard.push(text),
      onViolation: () => undefined,
      onClose: () => {
        this.isClosed = true;
      },
    });
  }

  say(all: readonly Said[], clock: SimulatedClock, measure: Measure): void {
    for (const each of all) {
      const text = this.#textOf(each);
      if (text === undefined) continue;
      this.#connection.send(text);
      measure(text, () => clock.advance(1));
    }
  }

  #textOf(each: Said): string | undefined {
    if (each.type === 'text') return each.text;
    const texts = each.type === 'echo' ? this.#heard : this.#old;
    return texts[each.pick % Math.max(1, texts.length)];
  }
}

function check(isRight: boolean, problem: string): void {
  if (!isRight) throw new Error(problem);
}

/** A stranger gets an answer, whatever it says and when; it is never let in; and those who know the secret still are. */
export const handshake: Target = {
  name: 'handshake',
  share: 20,
  run: (cases, measure) => {
    const old = overheard();
    return cases.each(
      fc.record({ says: fc.array(said, { maxLength: 6 }), dials: fc.boolean(), two: fc.boolean() }),
      ({ says, dials, two }) => {
        const [network, clock] = runtime();
        const victim = new Witness();
        const secrets = two ? ['another', SECRET] : [SECRET];
        let stranger: Stranger | undefined;
        if (dials) {
          listen(network, clock, victim, secrets);
          stranger = new Stranger(network.transport().connect(HERE), old);
        } else {
          accept(network, THERE, (accepted) => {
            stranger = new Stranger(accepted, old);
          });
          const connection = network.transport().connect(THERE);
          const local = side(HERE_ID, secrets);
          keep(new Link({ connection, clock, local, expected: { id: THERE_ID }, handlers: victim }));
        }
        clock.advance(5);
        stranger?.say(says, clock, measure);
        clock.advance(10_000);
        check(victim.established === 0, 'a stranger was let in');
        check(victim.ended === 1, `the link ended ${victim.ended} times`);
        check(victim.released === 1, `the connection was released ${victim.released} times`);
        check(stranger?.isClosed === true, 'the stranger got no answer');
        check(network.openEnds === 0, 'a connection was left open');
        network.kill(HERE);
        const [acceptor, dialler] = connectTwo(network, clock);
        check(acceptor.established === 1 && dialler.established === 1, 'another peer was refused');
        checkPrototypes();
      },
    );
  },
};
