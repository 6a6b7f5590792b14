/** Where a node is on a network. */
export interface Place {
  /** Where others look for it. */
  readonly host: string;
  /** Where it listens, and what it dials from. */
  readonly listen: string;
  readonly port: number;
  /** What its command line begins with. Default: nothing. */
  readonly prefix?: readonly string[];
}

/** What the nodes of a test are on. */
export interface NodeNetwork {
  /** The place of a node; it stays the same when the node is restarted. */
  place(name: string): Promise<Place>;
  /** After the nodes have ended. */
  close(): Promise<void>;
}

/** A network that can be cut. What is not delivered meanwhile is sent again by TCP. */
export interface PartitionableNetwork extends NodeNetwork {
  /** From now on, nothing arrives that one node sends to the other. */
  drop(from: string, to: string): Promise<void>;
  /** From now on, nothing arrives that this node and the others send to each other. */
  isolate(name: string): Promise<void>;
  /** Everything arrives again. */
  heal(): Promise<void>;
}
