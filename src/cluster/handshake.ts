import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Frame, type HandshakeFrame, type Peer, PROTOCOL_VERSION, type Role } from './frames.js';
import { NodeId } from './node-id.js';
import type { Refusal } from './refusal.js';
import { Session } from './session.js';

/*
 * dialer                                    acceptor
 *   | hello     who I am, my nonce            |
 *   |---------------------------------------->|
 *   |          who I am, my nonce   challenge |
 *   |<----------------------------------------|
 *   | proof     HMAC(secret, transcript)      |
 *   |---------------------------------------->|  verified: the acceptor decides whether it wants this peer
 *   |     HMAC(secret, transcript)    welcome |
 *   |<----------------------------------------|  established
 *
 * The dialer proves itself first: a stranger who merely connects gets no MAC to try secrets on. Both nonces are under
 * both MACs, so an old one fits no new handshake; the two labels differ, so a MAC sent back to its maker fits nothing.
 * What follows is bound to this handshake by a session of its own. Nothing here encrypts.
 *
 * Which secrets the acceptor tries is decided by the role in the hello, which is under both MACs: the secret of observers
 * lets nobody in as a member.
 */

/** This side of a handshake. */
export interface LocalSide extends Peer {
  /** What it comes as when it dials. Nobody dials an observer. */
  readonly role: Role;
  /** Of the cluster; the first is used, each is accepted, so that they can be exchanged one by one. None: no proofs. */
  readonly secrets: readonly string[];
  /** With these, others may come as observers. */
  readonly observerSecrets: readonly string[];
  /** From {@link createNonce}; never used twice. */
  readonly nonce: string;
}

/** Whom a dialer wants to reach: a member by its whole id, a seed by its name (hosts have aliases). */
export type Expectation = { readonly id: NodeId } | { readonly name: string };

/** Both sides' words so far, which both MACs are over. */
interface Transcript {
  readonly local: LocalSide;
  readonly remote: Peer;
  /** What the dialer comes as. */
  readonly role: Role;
  readonly text: string;
  /** The secret that both have, as far as is known yet. */
  readonly secret?: string | undefined;
}

export type HandshakeState =
  | { readonly step: 'await_hello'; readonly local: LocalSide }
  | { readonly step: 'await_challenge'; readonly local: LocalSide; readonly expected: Expectation }
  | ({ readonly step: 'await_proof' } & Transcript)
  | ({ readonly step: 'await_welcome' } & Transcript)
  /** The acceptor's decision is due: {@link welcome}, or a refusal. */
  | ({ readonly step: 'verified' } & Transcript)
  | ({ readonly step: 'established' } & Transcript);

export type HandshakeStep =
  | { readonly ok: true; readonly state: HandshakeState; readonly send?: HandshakeFrame }
  | { readonly ok: false; readonly refusal: Refusal };

/** 32 random bytes in base64. */
export function createNonce(): string {
  return randomBytes(32).toString('base64');
}

/** The acceptor's first state. */
export function accept(local: LocalSide): HandshakeState {
  return { step: 'await_hello', local };
}

/** The dialer's first state, and the frame that opens the conversation. */
export function dial(
  local: LocalSide,
  expected: Expectation,
): { readonly state: HandshakeState; readonly send: HandshakeFrame } {
  return {
    state: { step: 'await_challenge', local, expected },
    send: { type: 'hello', role: local.role, ...greeting(local) },
  };
}

/** What a frame from the other side makes of the handshake. Total: every frame in every state has an answer. */
export function advance(state: HandshakeState, frame: Frame): HandshakeStep {
  if (state.step === 'await_hello' && frame.type === 'hello') {
    const remote = { id: frame.nodeId, incarnation: frame.incarnation };
    const refusal = selfRefusal(state.local, remote) ?? secretRefusal(state.local, frame.secured);
    if (refusal !== undefined) return { ok: false, refusal };
    const { role } = frame;
    const text = transcribe(role, remote, frame.nonce, state.local, state.local.nonce, frame.secured);
    return {
      ok: true,
      state: { step: 'await_proof', local: state.local, remote, role, text },
      send: { type: 'challenge', ...greeting(state.local) },
    };
  }
  if (state.step === 'await_challenge' && frame.type === 'challenge') {
    const remote = { id: frame.nodeId, incarnation: frame.incarnation };
    const refusal =
      selfRefusal(state.local, remote) ??
      expectationRefusal(state.expected, remote.id) ??
      secretRefusal(state.local, frame.secured);
    if (refusal !== undefined) return { ok: false, refusal };
    const { role, secrets } = state.local;
    const [secret] = secrets;
    const text = transcribe(role, state.local, state.local.nonce, remote, frame.nonce, frame.secured);
    return {
      ok: true,
      state: { step: 'await_welcome', local: state.local, remote, role, text, secret },
      send: { type: 'proof', ...signed(secret, 'dialer', text) },
    };
  }
  if (state.step === 'await_proof' && frame.type === 'proof') {
    const accepted = acceptedFrom(state);
    const secret = accepted.find((each) => isSigned(frame.mac, each, 'dialer', state.text));
    const isProven = secret !== undefined || (accepted.length === 0 && frame.mac === undefined);
    return isProven ? { ok: true, state: { ...state, step: 'verified', secret } } : authFailed;
  }
  if (state.step === 'await_welcome' && frame.type === 'welcome') {
    if (!isSigned(frame.mac, state.secret, 'acceptor', state.text)) return authFailed;
    return { ok: true, state: { ...state, step: 'established' } };
  }
  return refuse('out_of_turn', `a ${frame.type} frame came during the handshake (${state.step})`);
}

/** The acceptor wants this peer. */
export function welcome(state: Extract<HandshakeState, { step: 'verified' }>): {
  readonly state: Extract<HandshakeState, { step: 'established' }>;
  readonly send: HandshakeFrame;
} {
  return {
    state: { ...state, step: 'established' },
    send: { type: 'welcome', ...signed(state.secret, 'acceptor', state.text) },
  };
}

/** What binds all that follows to this handshake; `undefined` without a secret, with which there is nothing to bind it. */
export function sessionOf(
  { secret, text }: Extract<HandshakeState, { step: 'established' }>,
  side: 'dialer' | 'acceptor',
): Session | undefined {
  return secret === undefined ? undefined : new Session(secret, text, side);
}

const authFailed = refuse(
  'auth_failed',
  'the other side does not know the secret; nodes need the same clusterSecret, observers that or the observerSecret',
);

function acceptedFrom({ role, local: { secrets, observerSecrets } }: Transcript): readonly string[] {
  return role === 'observer' ? [...secrets, ...observerSecrets] : secrets;
}

function refuse(reason: Refusal['reason'], message: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { reason, message } };
}

function greeting({ id, incarnation, nonce, secrets }: LocalSide) {
  return { protocol: PROTOCOL_VERSION, nodeId: id, incarnation, nonce, secured: secrets.length > 0 };
}

function selfRefusal(local: LocalSide, remote: Peer): Refusal | undefined {
  if (remote.id !== local.id || remote.incarnation !== local.incarnation) return undefined;
  return { reason: 'self', message: `${local.id} reached itself` };
}

function expectationRefusal(expected: Expectation, id: NodeId): Refusal | undefined {
  const isExpected = 'id' in expected ? expected.id === id : expected.name === NodeId.parts(id).name;
  if (isExpected) return undefined;
  const whom = 'id' in expected ? expected.id : `a node named ${expected.name}`;
  return { reason: 'wrong_node', message: `${id} answers where ${whom} was expected` };
}

function secretRefusal(local: LocalSide, remoteSecured: boolean): Refusal | undefined {
  if (remoteSecured === local.secrets.length > 0) return undefined;
  const [has, lacks] = remoteSecured ? ['the other side', local.id] : [local.id, 'the other side'];
  return { reason: 'auth_required', message: `${has} has a clusterSecret, ${lacks} has none; give both the same` };
}

function transcribe(
  role: Role,
  dialer: Peer,
  dialerNonce: string,
  acceptor: Peer,
  acceptorNonce: string,
  secured: boolean,
): string {
  return JSON.stringify([
    'noex',
    PROTOCOL_VERSION,
    role,
    dialer.id,
    acceptor.id,
    dialer.incarnation,
    acceptor.incarnation,
    dialerNonce,
    acceptorNonce,
    secured,
  ]);
}

function hmac(secret: string, label: 'dialer' | 'acceptor', text: string): Buffer {
  return createHmac('sha256', secret).update(label).update(text).digest();
}

function signed(secret: string | undefined, label: 'dialer' | 'acceptor', text: string): { mac?: string } {
  return secret === undefined ? {} : { mac: hmac(secret, label, text).toString('base64') };
}

function isSigned(
  mac: string | undefined,
  secret: string | undefined,
  label: 'dialer' | 'acceptor',
  text: string,
): boolean {
  if (secret === undefined) return mac === undefined;
  const given = Buffer.from(mac ?? '', 'base64');
  const right = hmac(secret, label, text);
  return given.length === right.length && timingSafeEqual(given, right);
}
