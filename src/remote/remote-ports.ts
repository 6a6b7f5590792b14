import type { IncomingMessage } from '../cluster/cluster-config.js';
import type { EncodedMessage } from '../cluster/message-body.js';
import type { AnyBehavior } from '../process/gen-server-types.js';
import type { LocalProcesses } from '../process/local-processes.js';

/** The other node of a channel, and whether the channel is open. */
export interface ChannelEnd {
  readonly nodeId: string;
  /** The life of the other node. */
  readonly life: string;
  readonly isOpen: boolean;
}

/** What channels need from the runtime and from the code that manages the channels. */
export interface ChannelPorts extends RemotePorts {
  /** Returns a new number for a request, monitor or link, unique within the life of this runtime. */
  nextNumber(): number;
}

/** What messaging between nodes needs from the runtime. */
export interface RemotePorts {
  readonly local: LocalProcesses;
  readonly bodies: {
    /**
     * Converts a value to JSON text. `root` names the value in errors. @throws NotSerializableError,
     * InvalidArgumentError
     */
    encode(value: unknown, root: string): EncodedMessage;
    /** Converts an annotated body back to a value. @throws ProtocolError */
    decodeAnnotated(body: unknown): unknown;
  };
  readonly behaviors: {
    /** Returns the behavior for one start. @throws BehaviorNotRegisteredError, and what a factory throws */
    make(name: string, args: unknown): AnyBehavior | Promise<AnyBehavior>;
  };
  /** Calls `action` after `ms`. With Infinity, never calls it. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
  /** The current time, ms of the monotonic clock. */
  now(): number;
  /** Returns why a message is refused, as text for its sender; `undefined` if it is accepted. */
  refusal(message: IncomingMessage): string | undefined;
}
