import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../../src/cluster/codec.js';
import { FEATURES, type Frame, MAX_HANDSHAKE_BYTES } from '../../../src/cluster/frames.js';
import {
  accept,
  advance,
  createNonce,
  dial,
  type Expectation,
  type HandshakeState,
  type HandshakeStep,
  type LocalSide,
  open,
  welcome,
} from '../../../src/cluster/mesh/handshake.js';
import { NodeId } from '../../../src/cluster/node-id.js';
import { readClusterConfig } from '../../../src/cluster/read-cluster-config.js';

const idA = NodeId.parse('nodeA@127.0.0.1:4369');
const idB = NodeId.parse('nodeB@127.0.0.1:4370');

function side(id: NodeId, secret?: string, incarnation = 1): LocalSide {
  const secrets = secret === undefined ? [] : [secret];
  return { id, role: 'member', incarnation, secrets, observerSecrets: [], nonce: createNonce() };
}

/** A side that dials as an observer. */
function observer(secret?: string): LocalSide {
  return { ...side(idA, secret), role: 'observer' };
}

function receive(state: HandshakeState, frame: Frame): HandshakeStep {
  return advance(state, frame, encode(frame));
}

/** Runs a handshake to its end; `onFrame` may look at what passes, or change it. */
function shakeHands(
  dialer: LocalSide,
  acceptor: LocalSide,
  expected: Expectation = { id: acceptor.id },
  onFrame: (frame: Frame) => Frame = (frame) => frame,
): { readonly dialer: string; readonly acceptor: string; readonly seen: readonly Frame[] } {
  const seen: Frame[] = [];
  const states: { dialer: HandshakeState; acceptor: HandshakeState } = {
    dialer: dial(dialer, expected).state,
    acceptor: accept(acceptor),
  };
  let next: { readonly to: 'dialer' | 'acceptor'; readonly frame: Frame } | undefined = {
    to: 'acceptor',
    frame: dial(dialer, expected).send,
  };
  while (next !== undefined) {
    const { to, frame }: { to: 'dialer' | 'acceptor'; frame: Frame } = next;
    next = undefined;
    const delivered = onFrame(frame);
    seen.push(delivered);
    const step = receive(states[to], delivered);
    if (!step.ok)
      return { dialer: states.dialer.step, acceptor: states.acceptor.step, [to]: step.refusal.reason, seen };
    states[to] = step.state;
    let send: Frame | undefined = step.send;
    if (step.state.step === 'verified') {
      const let_in = welcome(step.state);
      states[to] = let_in.state;
      send = let_in.send;
    } else if (step.state.step === 'welcomed') {
      const opened = open(step.state);
      states[to] = opened.state;
      send = opened.send;
    }
    if (send !== undefined) next = { to: to === 'dialer' ? 'acceptor' : 'dialer', frame: send };
  }
  return { dialer: states.dialer.step, acceptor: states.acceptor.step, seen };
}

describe('a handshake', () => {
  test('is established without a secret', () => {
    expect(shakeHands(side(idA), side(idB))).toMatchObject({ dialer: 'established', acceptor: 'established' });
  });

  test('is established with the same secret, which does not cross the wire', () => {
    const result = shakeHands(side(idA, 'correct horse'), side(idB, 'correct horse'));
    expect(result).toMatchObject({ dialer: 'established', acceptor: 'established' });
    expect(JSON.stringify(result.seen)).not.toContain('correct horse');
    expect(JSON.stringify(result.seen)).not.toContain(Buffer.from('correct horse').toString('base64'));
  });

  test('sends a dialer with the wrong secret nothing but the challenge', () => {
    const { dialer, acceptor, seen } = shakeHands(side(idA, 'wrong'), side(idB, 'right'));
    expect([dialer, acceptor]).toEqual(['await_welcome', 'auth_failed']);
    expect(seen.map(({ type }) => type)).toEqual(['hello', 'challenge', 'proof']);
  });

  test('is refused by a dialer whose acceptor merely pretends to know the secret', () => {
    const result = shakeHands(side(idA, 'right'), side(idB, 'right'), { id: idB }, (frame) =>
      frame.type === 'welcome' ? { type: 'welcome' } : frame,
    );
    expect(result.dialer).toBe('auth_failed');
  });

  test('takes no MAC that was sent back to its maker', () => {
    let mac: string | undefined;
    const result = shakeHands(side(idA, 'right'), side(idB, 'right'), { id: idB }, (frame) => {
      if (frame.type === 'proof') mac = frame.mac;
      return frame.type === 'welcome' ? { type: 'welcome', ...(mac === undefined ? {} : { mac }) } : frame;
    });
    expect(result.dialer).toBe('auth_failed');
  });

  test('takes no MAC of an earlier handshake', () => {
    const macs = new Map<string, Frame>();
    shakeHands(side(idA, 'right'), side(idB, 'right'), { id: idB }, (frame) => {
      macs.set(frame.type, frame);
      return frame;
    });
    const replayed = shakeHands(side(idA, 'right'), side(idB, 'right'), { id: idB }, (frame) =>
      frame.type === 'proof' ? (macs.get('proof') ?? frame) : frame,
    );
    expect(replayed.acceptor).toBe('auth_failed');
  });

  test.each([
    ['node id', (frame: Frame) => (frame.type === 'hello' ? { ...frame, nodeId: NodeId.parse('nodeC@h:1') } : frame)],
    ['incarnation', (frame: Frame) => (frame.type === 'hello' ? { ...frame, incarnation: 99 } : frame)],
    ['role', (frame: Frame) => (frame.type === 'hello' ? { ...frame, role: 'observer' as const } : frame)],
    ['version', (frame: Frame) => (frame.type === 'hello' ? { ...frame, version: '0.0.1' } : frame)],
    ['list of features', (frame: Frame) => (frame.type === 'challenge' ? { ...frame, features: ['weak'] } : frame)],
    ['life', (frame: Frame) => (frame.type === 'challenge' ? { ...frame, life: 'of another' } : frame)],
    ['nonce', (frame: Frame) => (frame.type === 'challenge' ? { ...frame, nonce: createNonce() } : frame)],
  ])('is refused if the %s is changed on the way', (_, change) => {
    expect(shakeHands(side(idA, 'right'), side(idB, 'right'), { id: idB }, change).acceptor).toBe('auth_failed');
  });

  test('is refused where one side has a secret and the other none, whichever it is', () => {
    expect(shakeHands(side(idA, 'secret'), side(idB)).acceptor).toBe('auth_required');
    expect(shakeHands(side(idA), side(idB, 'secret')).acceptor).toBe('auth_required');
  });

  test('cannot be talked out of its secret', () => {
    const unsecured = (frame: Frame) =>
      frame.type === 'hello' || frame.type === 'challenge' ? { ...frame, secured: false } : frame;
    expect(shakeHands(side(idA, 'secret'), side(idB), { id: idB }, unsecured).dialer).toBe('auth_required');
  });

  test('is established while secrets are being exchanged, as long as the one that is used is accepted', () => {
    const has = (id: NodeId, ...secrets: string[]): LocalSide => ({ ...side(id), secrets });
    const [alone, adding, changed, through] = [['old'], ['old', 'new'], ['new', 'old'], ['new']] as const;
    for (const [dialer, acceptor] of [
      [alone, adding],
      [adding, alone],
      [adding, changed],
      [changed, adding],
      [changed, through],
      [through, changed],
    ] as const) {
      expect(shakeHands(has(idA, ...dialer), has(idB, ...acceptor))).toMatchObject({
        dialer: 'established',
        acceptor: 'established',
      });
    }
    expect(shakeHands(has(idA, ...through), has(idB, ...adding)).acceptor).toBe('established');
    expect(shakeHands(has(idA, ...through), has(idB, ...alone)).acceptor).toBe('auth_failed');
    expect(shakeHands(has(idA), has(idB, ...adding)).acceptor).toBe('auth_required');
  });

  describe('with a secret of its own for observers', () => {
    const acceptor: LocalSide = { ...side(idB, 'members'), observerSecrets: ['onlookers', 'older onlookers'] };

    test.each(['members', 'onlookers', 'older onlookers'])('lets in an observer that has %s', (secret) => {
      expect(shakeHands(observer(secret), acceptor)).toMatchObject({ dialer: 'established', acceptor: 'established' });
    });

    test('lets in a member that has the secret of members, and none that has the other', () => {
      expect(shakeHands(side(idA, 'members'), acceptor).acceptor).toBe('established');
      for (const secret of acceptor.observerSecrets) {
        const { dialer, acceptor: end, seen } = shakeHands(side(idA, secret), acceptor);
        expect([dialer, end]).toEqual(['await_welcome', 'auth_failed']);
        expect(seen.map(({ type }) => type)).toEqual(['hello', 'challenge', 'proof']);
      }
    });

    test('is not talked into anything: an observer that becomes a member on the way, or the reverse, does not fit', () => {
      const become = (role: 'member' | 'observer') => (frame: Frame) =>
        frame.type === 'hello' ? { ...frame, role } : frame;
      expect(shakeHands(observer('onlookers'), acceptor, { id: idB }, become('member')).acceptor).toBe('auth_failed');
      expect(shakeHands(side(idA, 'onlookers'), acceptor, { id: idB }, become('observer')).acceptor).toBe(
        'auth_failed',
      );
    });

    test('takes no observer without one, nor with another', () => {
      expect(shakeHands(observer(), acceptor).acceptor).toBe('auth_required');
      expect(shakeHands(observer('others'), acceptor).acceptor).toBe('auth_failed');
    });

    test('proves itself with the secret that the dialer used', () => {
      const knowsOnly = (secret: string): LocalSide => ({ ...acceptor, secrets: [secret], observerSecrets: [] });
      expect(shakeHands(observer('onlookers'), knowsOnly('onlookers')).dialer).toBe('established');
      expect(shakeHands(observer('members'), knowsOnly('onlookers')).acceptor).toBe('auth_failed');
    });
  });

  test('wants the member that was dialled, but takes a seed by its name', () => {
    const seed = (text: string) => ({ name: NodeId.parts(NodeId.parse(text)).name });
    expect(shakeHands(side(idA), side(idB), { id: NodeId.parse('nodeB@localhost:4370') }).dialer).toBe('wrong_node');
    expect(shakeHands(side(idA), side(idB), seed('nodeB@localhost:4370')).dialer).toBe('established');
    expect(shakeHands(side(idA), side(idB), seed('nodeC@127.0.0.1:4370')).dialer).toBe('wrong_node');
  });

  test('with oneself is noticed', () => {
    expect(shakeHands(side(idA), side(idA)).acceptor).toBe('self');
    expect(shakeHands(side(idA, undefined, 1), side(idA, undefined, 2)).acceptor).toBe('established');
  });

  test('takes every frame only when it is due', () => {
    const hello = dial(side(idA), { id: idB }).send;
    const step = receive(accept(side(idB)), hello);
    if (!step.ok || step.send === undefined) throw new Error('expected a challenge');
    const challenge = step.send;
    const proving = receive(dial(side(idA), { id: idB }).state, challenge);
    const verified = receive(step.state, { type: 'proof' });
    if (!proving.ok || !verified.ok || verified.state.step !== 'verified') throw new Error('expected a proof');
    const frames: readonly Frame[] = [
      hello,
      challenge,
      { type: 'proof' },
      { type: 'welcome' },
      { type: 'open' },
      { type: 'leave' },
      { type: 'request', id: 1, method: 'm', body: 1 },
    ];
    const states: readonly [HandshakeState, Frame['type']][] = [
      [accept(side(idB)), 'hello'],
      [dial(side(idA), { id: idB }).state, 'challenge'],
      [step.state, 'proof'],
      [proving.state, 'welcome'],
      [welcome(verified.state).state, 'open'],
    ];
    for (const [state, due] of states) {
      for (const frame of frames) {
        const result = receive(state, frame);
        expect(result.ok ? 'taken' : result.refusal.reason).toBe(frame.type === due ? 'taken' : 'out_of_turn');
      }
    }
  });
});

describe('a later version of the handshake', () => {
  /** Runs a handshake in which both sides say more than this version knows; `change` may alter the text on its way. */
  function withUnknownFields(change: (text: string) => string = (text) => text): string {
    const more = (frame: Frame): string => encode(frame).replace(/}$/, ',"later":{"than":[1]}}');
    const read = (text: string): Frame => decode(text, { maxBytes: MAX_HANDSHAKE_BYTES }) as Frame;
    const opening = dial(side(idA, 'secret'), {});
    const hello = more(opening.send);
    const sides = { dialer: { ...opening.state, hello }, acceptor: accept(side(idB, 'secret')) };
    const received = change(hello);
    const challenged = advance(sides.acceptor, read(received), received);
    if (!challenged.ok || challenged.send === undefined) return 'no challenge';
    const challenge = encode(challenged.send);
    const proving = advance(sides.dialer as HandshakeState, read(challenge), challenge);
    if (!proving.ok || proving.send === undefined) return 'no proof';
    const verified = receive(challenged.state, proving.send);
    return verified.ok ? verified.state.step : verified.refusal.reason;
  }

  test('may add fields to its greeting, which are under the proofs of both sides', () => {
    expect(withUnknownFields()).toBe('verified');
    expect(withUnknownFields((text) => text.replace('[1]', '[2]'))).toBe('auth_failed');
    expect(withUnknownFields((text) => text.replace(',"later":{"than":[1]}', ''))).toBe('auth_failed');
  });

  test('says its version, its features and its life, and a greeting without them is taken, too', () => {
    const { send } = dial({ ...side(idA), life: 'life-of-a' }, {});
    const version = expect.stringMatching(/^\d+\.\d+\.\d+/);
    expect(send).toMatchObject({ version, features: FEATURES, life: 'life-of-a' });
    const { version: _, features: __, life: ___, ...bare } = send as Extract<Frame, { type: 'hello' }>;
    expect(receive(accept(side(idB)), bare).ok).toBe(true);
  });

  test('announces its roles and metadata to the other side, and nothing if it has none', () => {
    const description = { roles: ['worker'], metadata: { zone: 'a' } };
    const { send: hello } = dial({ ...side(idA), description }, {});
    expect(hello).toMatchObject(description);
    expect(receive(accept(side(idB)), hello)).toMatchObject({ state: { build: description } });
    const { send: bare } = dial(side(idA), {});
    expect(bare).not.toHaveProperty('roles');
    expect(bare).not.toHaveProperty('metadata');
  });

  test('fits into a frame of the handshake with the longest description that a config may have', () => {
    const id = NodeId.parse(`${'n'.repeat(64)}@${`${'h'.repeat(60)}.`.repeat(4)}example:65535`);
    const roles = Array.from({ length: 32 }, (_, at) => `${String(at).padStart(2, '0')}${'€'.repeat(28)}ee`);
    const metadata = { notes: '€'.repeat(1360) };
    const { description } = readClusterConfig({ nodeName: 'nodeA', roles, metadata });
    const rest = { life: 'x'.repeat(16), incarnation: Number.MAX_SAFE_INTEGER };
    const { send } = dial({ ...side(id, 'secret'), ...rest, description }, {});
    expect(decode(encode(send), { maxBytes: MAX_HANDSHAKE_BYTES })).toMatchObject({ roles, metadata });
  });

  test('may send frames of types that are not known, but not before it has proved itself', () => {
    const frame = decode('{"type":"later","a":1}', { maxBytes: MAX_HANDSHAKE_BYTES });
    expect(frame).toEqual({ type: 'unknown', name: 'later' });
    expect(advance(accept(side(idB)), frame, '{"type":"later","a":1}')).toMatchObject({
      ok: false,
      refusal: { reason: 'unknown_type' },
    });
  });
});
