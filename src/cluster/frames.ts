import type { NodeMetadata } from './node-description.js';
import type { NodeId } from './node-id.js';

/**
 * The version of the protocol below. Nodes of different versions refuse each other before they read anything else, so
 * this version should not change: additions are optional fields, or features that both sides announce in {@link
 * Greeting.features}.
 */
export const PROTOCOL_VERSION = 2;

/**
 * What this build supports beyond the base protocol. A peer receives the frames of a feature only if it announced that
 * feature, too.
 */
export const FEATURES = ['messages', 'json_reports'] as const;

/**
 * The largest frame, in bytes of UTF-8: 1 MiB of data plus encoding overhead. A frame is decoded in one go, within 20
 * ms.
 */
export const MAX_FRAME_BYTES = 1.25 * 1024 * 1024;

/** The largest frame of a handshake, in bytes. It is small, because peers are not authenticated yet. */
export const MAX_HANDSHAKE_BYTES = 8 * 1024;

/** The largest frame of an observer, in bytes. It is small, because observers send only requests and short frames. */
export const MAX_OBSERVER_BYTES = 64 * 1024;

/** `member`: a node of the cluster. `observer`: a read-only client that is not counted as a node. */
export type Role = 'member' | 'observer';

/**
 * One incarnation of a node. The incarnation is the time of the start, ms since the epoch. So a node that starts again
 * under the same id has a larger one, unless the clock was set back between two runs of the program.
 */
export interface Peer {
  readonly id: NodeId;
  readonly incarnation: number;
}

/** What a node announces about its software, its runtime and its purpose. */
export interface Build {
  /** The version of noex, as in its package.json. */
  readonly version?: string | undefined;
  /** The {@link FEATURES} of the sender. A reader ignores unknown names. */
  readonly features?: readonly string[] | undefined;
  /** The life of the runtime, which its refs contain. It stays the same when the cluster stops and starts again. */
  readonly life?: string | undefined;
  /** The roles of the sender; absent if it has none. */
  readonly roles?: readonly string[] | undefined;
  /** The metadata of the sender; absent if it has none. */
  readonly metadata?: NodeMetadata | undefined;
}

interface Greeting extends Build {
  readonly protocol: number;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  /** 32 random bytes in base64, generated for every handshake. */
  readonly nonce: string;
  /** Whether this side has a secret, and therefore expects a proof. */
  readonly secured: boolean;
}

export interface HelloFrame extends Greeting {
  readonly type: 'hello';
  readonly role: Role;
}

export interface ChallengeFrame extends Greeting {
  readonly type: 'challenge';
}

/** The dialer proves that it knows the secret. */
export interface ProofFrame {
  readonly type: 'proof';
  /** Absent if neither side has a secret. */
  readonly mac?: string;
}

/** The acceptor accepts the link, and proves that it knows the secret. */
export interface WelcomeFrame {
  readonly type: 'welcome';
  /** Absent if neither side has a secret. */
  readonly mac?: string;
}

/** The dialer confirms that it uses this link. This frame establishes the link. */
export interface OpenFrame {
  readonly type: 'open';
}

/** The last frame of a side that refuses the other side. The sender then ends the link. */
export interface RefusedFrame {
  readonly type: 'refused';
  /** The close reason. A later version may send one that this version does not know. */
  readonly reason: string;
  readonly message: string;
}

export type HandshakeFrame = HelloFrame | ChallengeFrame | ProofFrame | WelcomeFrame | OpenFrame;

/** Members that the sender is linked with: all of them, or only those that the receiver may lack. */
export interface MembersFrame {
  readonly type: 'members';
  readonly members: readonly Peer[];
  /**
   * Whether the list is whole: it has all nodes that the sender is linked with, except the receiver. A receiver that is
   * a member then answers with the nodes that the list lacks, if there are any.
   */
  readonly isWhole?: boolean;
}

export interface HeartbeatFrame {
  readonly type: 'heartbeat';
  readonly processCount: number;
  readonly uptimeMs: number;
}

/** The sender is stopping intentionally. */
export interface LeaveFrame {
  readonly type: 'leave';
}

/** Checks whether the peer is alive. Answered with `probe_ack` at once. */
export interface ProbeFrame {
  readonly type: 'probe';
}

export interface ProbeAckFrame {
  readonly type: 'probe_ack';
}

/** Sent to the node that holds an id: another node tried to join under that id. */
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

/**
 * A request failed on the other side. The frame has only message and code: the stack stays on the node where it failed.
 */
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

/** A frame of a type that this version does not know. It is never sent: the decoder creates it. */
export interface UnknownFrame {
  readonly type: 'unknown';
  /** The type that the frame had, cut to 40 characters. */
  readonly name: string;
}

/** Items of the channel between two members: plain JSON. */
export interface ItemsFrame {
  readonly type: 'items';
  readonly items: readonly unknown[];
}

export type RpcFrame = RequestFrame | ReplyFrame | FailureFrame | NotifyFrame;

export type MembershipFrame = MembersFrame | HeartbeatFrame | LeaveFrame | ProbeFrame | ProbeAckFrame | IdConflictFrame;

/** The frames that an engine passes to `onFrame`. The engine handles all other frames itself. */
export type DeliveredFrame = RpcFrame | ItemsFrame;

/** The frames that an established link carries, besides {@link RefusedFrame}. */
export type PeerFrame = MembershipFrame | DeliveredFrame;

/** Every frame that a node sends. */
export type Frame = HandshakeFrame | RefusedFrame | PeerFrame;

/** Every frame that the decoder returns. */
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

const DELIVERED: ReadonlySet<string> = new Set<DeliveredFrame['type']>([
  'request',
  'reply',
  'failure',
  'notify',
  'items',
]);

export function isDelivered(frame: ReceivedFrame): frame is DeliveredFrame {
  return DELIVERED.has(frame.type);
}
