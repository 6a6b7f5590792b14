import { activityAt, type PeerActivity } from '../failure-detector.js';
import type { KnownMember } from '../membership.js';
import { createDescription, type NodeDescription } from '../node-description.js';
import type { NodeId } from '../node-id.js';
import type { Requester } from '../rpc.js';
import { TokenBucket } from '../token-bucket.js';
import type { Beat, Hello } from './messages.js';
import type { PeerLink } from './peer-link.js';
import type { PeerName } from './subjects.js';

/** How many frames an observer may send. */
const OBSERVER_LIMIT = { burst: 200, perSecond: 100 };

/** One incarnation of another member or observer, as this node knows it. */
export class Peer {
  readonly name: PeerName;
  readonly id: NodeId;
  readonly incarnation: number;
  readonly link: PeerLink;
  readonly description: NodeDescription;
  readonly #hello: Hello;
  #beat: Beat;
  #lastHeardAt: number | null = null;
  activity: PeerActivity;
  /** Whether the peer has received the hello of this node. */
  isIntroduced = false;
  /** Whether this node has proposed an epoch of the link that the peer has not confirmed. */
  isResetting = false;
  /** Whether the peer, or this node, has ended the link for good. */
  isRefused = false;
  /** When another node reported this one as lost, ms of the monotonic clock; `undefined` if it was heard since. */
  suspectedAt: number | undefined;
  readonly #tokens: TokenBucket;

  constructor(name: PeerName, id: NodeId, hello: Hello, link: PeerLink, now: number) {
    this.name = name;
    this.id = id;
    this.incarnation = hello.incarnation;
    this.link = link;
    this.description = createDescription(hello);
    this.#hello = hello;
    this.#beat = hello;
    this.activity = activityAt(now);
    this.#tokens = new TokenBucket(OBSERVER_LIMIT, now);
  }

  get requester(): Requester {
    return { id: this.id, incarnation: this.incarnation, role: this.name.role };
  }

  get life(): string | undefined {
    return this.#hello.life;
  }

  get intervalMs(): number {
    return this.#beat.intervalMs;
  }

  /** What the peer has announced, without its status. */
  get known(): Pick<KnownMember, 'lastHeardAt' | 'processCount' | 'uptimeMs' | 'version'> {
    const { processCount, uptimeMs } = this.#beat;
    return { lastHeardAt: this.#lastHeardAt, processCount, uptimeMs, version: this.#hello.version };
  }

  supports(feature: string): boolean {
    return this.#hello.features?.includes(feature) ?? false;
  }

  /** Something has arrived from the peer. */
  heard(now: number): void {
    this.activity = activityAt(now);
    this.suspectedAt = undefined;
  }

  /** A heartbeat or hello has arrived from the peer. @param wallClock ms since the epoch */
  beaten(beat: Beat, now: number, wallClock: number): void {
    this.#beat = beat;
    this.#lastHeardAt = wallClock;
    this.heard(now);
  }

  /** Counts a frame of an observer. Returns whether it was allowed to send it. */
  takeToken(now: number): boolean {
    return this.#tokens.take(now);
  }
}
