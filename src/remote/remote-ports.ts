import type { IncomingMessage } from '../cluster/cluster-config.js';
import type { EncodedMessage } from '../cluster/message-body.js';
import type { AnyBehavior } from '../process/gen-server-types.js';
import type { LocalProcesses } from '../process/local-processes.js';

/** One end of a channel with another node. */
export interface ChannelEnd {
  readonly nodeId: string;
  /** The life of the other node. */
  readonly life: string;
  readonly isOpen: boolean;
}

/** What the channels with other nodes need. */
export interface ChannelPorts extends RemotePorts {
  /** A number for what one side asks of the other: unique within the life of this runtime. */
  nextNumber(): number;
}

/** What messages between nodes need of their runtime. */
export interface RemotePorts {
  readonly local: LocalProcesses;
  readonly bodies: {
    /** @throws NotSerializableError */
    encode(value: unknown, root: string): EncodedMessage;
    /** @throws ProtocolError */
    decodeAnnotated(body: unknown): unknown;
  };
  readonly behaviors: {
    /** @throws BehaviorNotRegisteredError, and what a factory throws */
    make(name: string, args: unknown): AnyBehavior | Promise<AnyBehavior>;
  };
  /** Calls `action` after `ms`, or never for Infinity; returns what cancels that. */
  after(ms: number, action: () => void): () => void;
  /** ms of the monotonic clock */
  now(): number;
  /** Why a message is not taken, as text for its sender; `undefined`: it is. */
  refusal(message: IncomingMessage): string | undefined;
}
