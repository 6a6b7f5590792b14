import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { encode } from '../../../src/cluster/codec.js';
import type { HandshakeFrame } from '../../../src/cluster/frames.js';
import {
  accept,
  advance,
  createNonce,
  dial,
  type HandshakeState,
  type HandshakeStep,
  type LocalSide,
  open,
  welcome,
} from '../../../src/cluster/mesh/handshake.js';
import { NodeId } from '../../../src/cluster/node-id.js';

const DIALER = NodeId.parse('nodeA@127.0.0.1:4369');
const ACCEPTOR = NodeId.parse('nodeB@127.0.0.1:4370');

type Secrets = Pick<LocalSide, 'role' | 'secrets' | 'observerSecrets'>;

function side(id: NodeId, secrets: Secrets): LocalSide {
  return { id, incarnation: 1, nonce: createNonce(), ...secrets };
}

function receive(state: HandshakeState, frame: HandshakeFrame): HandshakeStep {
  return advance(state, frame, encode(frame));
}

/** How a handshake of the two ends: `established` on both sides, or why not. */
function shakeHands(dialer: LocalSide, acceptor: LocalSide): string {
  const opening = dial(dialer, { id: acceptor.id });
  const challenged = receive(accept(acceptor), opening.send);
  if (!challenged.ok) return challenged.refusal.reason;
  const proving = challenged.send && receive(opening.state, challenged.send);
  if (!proving?.ok) return proving?.refusal.reason ?? 'no challenge';
  const verified = proving.send && receive(challenged.state, proving.send);
  if (!verified?.ok) return verified?.refusal.reason ?? 'no proof';
  if (verified.state.step !== 'verified') return verified.state.step;
  const welcoming = welcome(verified.state);
  const welcomed = receive(proving.state, welcoming.send);
  if (!welcomed.ok) return welcomed.refusal.reason;
  if (welcomed.state.step !== 'welcomed') return welcomed.state.step;
  const end = receive(welcoming.state, open(welcomed.state).send);
  return end.ok ? end.state.step : end.refusal.reason;
}

const role = fc.constantFrom('member' as const, 'observer' as const);
const some = (...of: string[]) => fc.uniqueArray(fc.constantFrom(...of), { maxLength: 3 });

test.prop([role, some('m1', 'm2', 'o1', 'o2', 'x'), some('m1', 'm2'), some('o1', 'o2')])(
  'members get in by the secrets of members, observers by those and their own, and no peer by anything else',
  (as, shown, secrets, own) => {
    const observerSecrets = secrets.length === 0 ? [] : own;
    const dialer = side(DIALER, { role: as, secrets: shown, observerSecrets: [] });
    const acceptor = side(ACCEPTOR, { role: 'member', secrets, observerSecrets });
    const [proof] = shown;
    const opens: readonly (string | undefined)[] = as === 'member' ? secrets : [...secrets, ...observerSecrets];
    const isRight = secrets.length === 0 ? proof === undefined : opens.includes(proof);
    expect(shakeHands(dialer, acceptor) === 'established').toBe(isRight);
  },
);
