import type { NodeId } from './node-id.js';

/**
 * The version of everything below. Nodes that speak different ones refuse each other before anything else is read, so it
 * stays: what is added later is an optional field, or a feature that both sides announce in {@link Greeting.features}.
 */
export const PROTOCOL_VERSION = 2;

/** What this build can do beyond the protocol above; a peer is sent what belongs to a feature only if it has it, too. */
export const FEATURES = ['channels', 'json_reports'] as const;

/** No frame is larger, in bytes of UTF-8: a MiB of data, and what it takes to write it. Read in one go, within 20 ms. */
export const MAX_FRAME_BYTES = 1.25 * 1024 * 1024;

/** No frame of the handshake is larger: an unauthenticated peer gets no more memory than this. */
export const MAX_HANDSHAKE_BYTES = 8 * 1024;

/** No frame of an observer is larger: it only sends requests. */
export const MAX_OBSERVER_BYTES = 64 * 1024;

/** `member`: a node of the cluster. `observer`: a read-only client that is not counted as a node. */
export type Role = 'member' | 'observer';

/** One incarnation of a node: a node that restarts under the same id has a larger incarnation (ms since the epoch at start). */
export interface Peer {
  readonly id: NodeId;
  readonly incarnation: number;
}

/** What a node announces of its software and its runtime. */
export interface Build {
  /** The version of the library, as in its package.json. */
  readonly version?: string | undefined;
  /** {@link FEATURES} of the sender. A reader ignores the names that it does not know. */
  readonly features?: readonly string[] | undefined;
  /** Of the runtime; kept when its cluster stops and starts. Refs have it. */
  readonly life?: string | undefined;
}

interface Greeting extends Build {
  readonly protocol: number;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  /** 32 random bytes in base64, new for every handshake. */
  readonly nonce: string;
  /** Whether this side has a secret, and so expects a proof. */
  readonly secured: boolean;
}

export interface HelloFrame extends Greeting {
  readonly type: 'hello';
  readonly role: Role;
}

export interface ChallengeFrame extends Greeting {
  readonly type: 'challenge';
}

/** `mac` is there exactly if both sides have a secret. */
export interface ProofFrame {
  readonly type: 'proof';
  readonly mac?: string;
}

export interface WelcomeFrame {
  readonly type: 'welcome';
  readonly mac?: string;
}

/** The dialer uses this link: the first frame that is sealed. Both sides have the link from now on. */
export interface OpenFrame {
  readonly type: 'open';
}

/** The last frame of a side that ends the link because of what the other side did or is. */
export interface RefusedFrame {
  readonly type: 'refused';
  readonly reason: string;
  readonly message: string;
}

export type HandshakeFrame = HelloFrame | ChallengeFrame | ProofFrame | WelcomeFrame | OpenFrame;

/** The members that the sender is linked with, or those that are new. */
export interface MembersFrame {
  readonly type: 'members';
  readonly members: readonly Peer[];
}

export interface HeartbeatFrame {
  readonly type: 'heartbeat';
  readonly processCount: number;
  readonly uptimeMs: number;
}

/** The sender stops, on purpose. */
export interface LeaveFrame {
  readonly type: 'leave';
}

/** "Are you there?" Answered with `probe_ack` at once. */
export interface ProbeFrame {
  readonly type: 'probe';
}

export interface ProbeAckFrame {
  readonly type: 'probe_ack';
}

/** To the node that holds an id: another node tried to join under it. */
export interface IdConflictFrame {
  readonly type: 'id_conflict';
}

export interface RequestFrame {
  readonly type: 'request';
  readonly id: number;
  readonly method: string;
  readonly body: unknown;
}

export interface ReplyFrame {
  readonly type: 'reply';
  readonly id: number;
  readonly body: unknown;
}

/** A request failed on the other side. Message and code only: the stack stays on the node that failed. */
export interface FailureFrame {
  readonly type: 'failure';
  readonly id: number;
  readonly message: string;
  readonly code?: string;
}

export interface NotifyFrame {
  readonly type: 'notify';
  readonly topic: string;
  readonly body: unknown;
}

/** Of a type that this version does not know. Never sent: it is what the decoder makes of such a frame. */
export interface UnknownFrame {
  readonly type: 'unknown';
  /** The type that the frame had, cut to 40 characters. */
  readonly name: string;
}

/** Items of the channel between two members. */
export interface ItemsFrame {
  readonly type: 'items';
  readonly body: unknown;
}

export type RpcFrame = RequestFrame | ReplyFrame | FailureFrame | NotifyFrame;

export type MembershipFrame = MembersFrame | HeartbeatFrame | LeaveFrame | ProbeFrame | ProbeAckFrame | IdConflictFrame;

/** What an engine delivers. */
export type DeliveredFrame = RpcFrame | ItemsFrame;

/** What an established link carries. */
export type PeerFrame = MembershipFrame | DeliveredFrame;

/** Every frame that a node sends. */
export type Frame = HandshakeFrame | RefusedFrame | PeerFrame;

/** What comes in. */
export type ReceivedFrame = Frame | UnknownFrame;

const HANDSHAKE: ReadonlySet<string> = new Set<HandshakeFrame['type']>([
  'hello',
  'challenge',
  'proof',
  'welcome',
  'open',
]);

export function isHandshakeFrame(frame: ReceivedFrame): frame is HandshakeFrame {
  return HANDSHAKE.has(frame.type);
}
