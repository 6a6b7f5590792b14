import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { VERSION } from '../../version.js';
import { encode } from '../codec.js';
import {
  type Build,
  type ChallengeFrame,
  FEATURES,
  type HandshakeFrame,
  type HelloFrame,
  type Peer,
  PROTOCOL_VERSION,
  type ReceivedFrame,
  type Role,
} from '../frames.js';
import { emptyDescription, type NodeDescription, nonEmptyParts } from '../node-description.js';
import { NodeId } from '../node-id.js';
import type { Refusal } from './close-reason.js';
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
 *   |<----------------------------------------|  welcomed: the dialer decides whether it uses this link
 *   | open      sealed                        |
 *   |---------------------------------------->|  established
 *
 * The dialer proves first that it knows the secret. So a peer that merely connects gets no MAC with which it could test
 * guesses of the secret.
 *
 * Both MACs are over the transcript: the text of hello and challenge, fields of later versions included. So they
 * protect the nonces, ids, versions and features of both sides. A MAC of an earlier handshake does not match, because
 * the nonces differ. A MAC that is sent back to its sender does not match, because the two sides use different labels.
 * With a secret, all frames after the welcome are sealed: each message carries a MAC of the session, which has keys
 * of its own. Nothing here encrypts.
 *
 * A dialer that knows only an address learns from the challenge which node answers there. That node must prove the
 * secret, too; only the check of its id is omitted.
 *
 * Between its proof and the welcome, the dialer sends no frames: it cannot seal them yet, and an acceptor that has sent
 * its welcome rejects unsealed frames as forged.
 *
 * The role in the hello decides which secrets the acceptor accepts: the secret of observers admits no member.
 */

/** This side of a handshake. */
export interface LocalSide extends Peer {
  /** The role that this side has if it dials. Observers are never dialled. */
  readonly role: Role;
  /**
   * The cluster secrets. As dialer, this side uses the first; as acceptor, it accepts all. Empty: MACs are not used.
   */
  readonly secrets: readonly string[];
  /** Further secrets that this side accepts from observers only. */
  readonly observerSecrets: readonly string[];
  /** From {@link createNonce}; never used twice. */
  readonly nonce: string;
  readonly life?: string | undefined;
  /** What this side announces about its purpose. Default: nothing. */
  readonly description?: NodeDescription | undefined;
}

/** The node that a dialer wants to reach. Without `id` and `name`, any node may answer. */
export interface Expectation {
  /** The id of a member. */
  readonly id?: NodeId | undefined;
  /** The name in a seed. Host and port of the node are not checked, because a host has aliases. */
  readonly name?: string | undefined;
}

/** What this side knows after hello and challenge. */
interface Transcript {
  readonly local: LocalSide;
  readonly remote: Peer;
  readonly build: Build;
  /** The role of the dialer. */
  readonly role: Role;
  /** The text of hello and challenge, from which both MACs are computed. */
  readonly text: string;
  /** The secret that the dialer uses; `undefined` without secrets. The acceptor knows it after the proof. */
  readonly secret?: string | undefined;
}

export type HandshakeState =
  | { readonly step: 'await_hello'; readonly local: LocalSide }
  | {
      readonly step: 'await_challenge';
      readonly local: LocalSide;
      readonly expected: Expectation;
      /** The text of the hello that this side sent. */
      readonly hello: string;
    }
  | ({ readonly step: 'await_proof' } & Transcript)
  | ({ readonly step: 'await_welcome' } & Transcript)
  /** The acceptor has to decide: {@link welcome}, or a refusal. */
  | ({ readonly step: 'verified' } & Transcript)
  | ({ readonly step: 'await_open' } & Transcript)
  /** The dialer has to decide: {@link open}, or the end of the link. */
  | ({ readonly step: 'welcomed' } & Transcript)
  | ({ readonly step: 'established' } & Transcript);

type In<Step extends HandshakeState['step']> = Extract<HandshakeState, { step: Step }>;

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

/** The dialer's first state, and the hello to send. */
export function dial(
  local: LocalSide,
  expected: Expectation,
): { readonly state: HandshakeState; readonly send: HandshakeFrame } {
  const send: HandshakeFrame = { type: 'hello', role: local.role, ...greeting(local) };
  return { state: { step: 'await_challenge', local, expected, hello: encode(send) }, send };
}

/**
 * Handles a frame from the other side. Returns the next state, with a frame if one is to be sent, or a refusal. Never
 * throws: a frame that is not allowed in this state is refused.
 *
 * @param text the frame as it was received
 */
export function advance(state: HandshakeState, frame: ReceivedFrame, text: string): HandshakeStep {
  if (state.step === 'await_hello' && frame.type === 'hello') return answerHello(state, frame, text);
  if (state.step === 'await_challenge' && frame.type === 'challenge') return answerChallenge(state, frame, text);
  if (state.step === 'await_proof' && frame.type === 'proof') {
    const accepted = acceptedFrom(state);
    const secret = accepted.find((each) => isSigned(frame.mac, each, 'dialer', state.text));
    const isProven = secret !== undefined || (accepted.length === 0 && frame.mac === undefined);
    return isProven ? { ok: true, state: { ...state, step: 'verified', secret } } : authFailed;
  }
  if (state.step === 'await_welcome' && frame.type === 'welcome') {
    if (!isSigned(frame.mac, state.secret, 'acceptor', state.text)) return authFailed;
    return { ok: true, state: { ...state, step: 'welcomed' } };
  }
  // The other node stops before this side has decided. The other node closes the connection next.
  if (state.step === 'welcomed' && frame.type === 'leave') return { ok: true, state };
  if (state.step === 'await_open' && frame.type === 'open')
    return { ok: true, state: { ...state, step: 'established' } };
  if (frame.type === 'unknown') return refuse('unknown_type', `a frame of type ${JSON.stringify(frame.name)}`);
  return refuse('out_of_turn', `a ${frame.type} frame came during the handshake (${state.step})`);
}

function answerHello({ local }: In<'await_hello'>, hello: HelloFrame, text: string): HandshakeStep {
  const remote = { id: hello.nodeId, incarnation: hello.incarnation };
  const refusal = selfRefusal(local, remote) ?? secretRefusal(local, hello.secured);
  if (refusal !== undefined) return { ok: false, refusal };
  const send: HandshakeFrame = { type: 'challenge', ...greeting(local) };
  const transcript = { local, remote, build: buildOf(hello), role: hello.role, text: transcribe(text, encode(send)) };
  return { ok: true, state: { step: 'await_proof', ...transcript }, send };
}

function answerChallenge(
  { local, expected, hello }: In<'await_challenge'>,
  challenge: ChallengeFrame,
  text: string,
): HandshakeStep {
  const remote = { id: challenge.nodeId, incarnation: challenge.incarnation };
  const refusal =
    selfRefusal(local, remote) ?? expectationRefusal(expected, remote.id) ?? secretRefusal(local, challenge.secured);
  if (refusal !== undefined) return { ok: false, refusal };
  const [secret] = local.secrets;
  const transcript = transcribe(hello, text);
  return {
    ok: true,
    state: {
      step: 'await_welcome',
      local,
      remote,
      build: buildOf(challenge),
      role: local.role,
      text: transcript,
      secret,
    },
    send: { type: 'proof', ...signed(secret, 'dialer', transcript) },
  };
}

/** The acceptor accepts this peer: returns its next state, and the welcome to send. */
export function welcome(state: In<'verified'>): {
  readonly state: In<'await_open'>;
  readonly send: HandshakeFrame;
} {
  return {
    state: { ...state, step: 'await_open' },
    send: { type: 'welcome', ...signed(state.secret, 'acceptor', state.text) },
  };
}

/** The dialer uses this link: returns its next state, and the frame to send. */
export function open(state: In<'welcomed'>): {
  readonly state: In<'established'>;
  readonly send: HandshakeFrame;
} {
  return { state: { ...state, step: 'established' }, send: { type: 'open' } };
}

/** Creates the session that authenticates all frames after the welcome. Returns `undefined` if there is no secret. */
export function sessionOf(
  { secret, text }: In<'await_open' | 'welcomed' | 'established'>,
  side: 'dialer' | 'acceptor',
): Session | undefined {
  return secret === undefined ? undefined : new Session(secret, text, side);
}

const authFailed = refuse(
  'auth_failed',
  'the other side does not know the secret; nodes need the same clusterSecret, observers need it or the observerSecret',
);

function acceptedFrom({ role, local: { secrets, observerSecrets } }: Transcript): readonly string[] {
  return role === 'observer' ? [...secrets, ...observerSecrets] : secrets;
}

function refuse(reason: Refusal['reason'], message: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { reason, message } };
}

function greeting({ id, incarnation, nonce, secrets, life, description = emptyDescription }: LocalSide) {
  const secured = secrets.length > 0;
  return {
    protocol: PROTOCOL_VERSION,
    nodeId: id,
    incarnation,
    nonce,
    secured,
    version: VERSION,
    features: FEATURES,
    life,
    ...nonEmptyParts(description),
  };
}

function buildOf({ version, features, life, roles, metadata }: Build): Build {
  return { version, features, life, roles, metadata };
}

function selfRefusal(local: LocalSide, remote: Peer): Refusal | undefined {
  if (remote.id !== local.id || remote.incarnation !== local.incarnation) return undefined;
  return { reason: 'self', message: `${local.id} reached itself` };
}

function expectationRefusal(expected: Expectation, id: NodeId): Refusal | undefined {
  const { name = NodeId.parts(id).name } = expected;
  if ((expected.id ?? id) === id && name === NodeId.parts(id).name) return undefined;
  const target = expected.id ?? `a node named ${name}`;
  return { reason: 'wrong_node', message: `${id} answers where ${target} was expected` };
}

function secretRefusal(local: LocalSide, remoteSecured: boolean): Refusal | undefined {
  if (remoteSecured === local.secrets.length > 0) return undefined;
  const [has, lacks] = remoteSecured ? ['the other side', local.id] : [local.id, 'the other side'];
  return { reason: 'auth_required', message: `${has} has a clusterSecret, ${lacks} has none; give both the same` };
}

function transcribe(hello: string, challenge: string): string {
  return JSON.stringify(['noex', PROTOCOL_VERSION, hello, challenge]);
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
