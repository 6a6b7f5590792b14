import type { Clock } from '../../clock.js';
import { encode } from '../codec.js';
import { activityAt, checkPeer, type DetectorConfig, type PeerActivity } from '../failure-detector.js';
import type { Peer, PeerFrame, RequestFrame, UnknownFrame } from '../frames.js';
import type { NodeId } from '../node-id.js';
import { TokenBucket } from '../token-bucket.js';
import type { CloseReason, Refusal } from './close-reason.js';
import { type Link, MAX_BACKLOG_BYTES } from './link.js';
import { MAX_WAITING, ObserverRequestQueue } from './observer-request-queue.js';
import { SharedBacklog } from './shared-backlog.js';

/** The rate of frames that an observer may send: far more than a dashboard needs. */
const RATE_LIMIT = { burst: 200, perSecond: 100 };

/** The most observers at once. The number is limited because every change is sent to each of them. */
export const MAX_OBSERVERS = 100;

/** The most unsent data for all observers together (`total`), and for each single observer (`each`), bytes. */
const OBSERVER_BACKLOG = { total: 32 * 1024 * 1024, each: MAX_BACKLOG_BYTES };

class ObserverLink {
  readonly peer: Peer;
  readonly link: Link;
  readonly allowance: TokenBucket;
  activity: PeerActivity;

  constructor(peer: Peer, link: Link, now: number) {
    this.peer = peer;
    this.link = link;
    this.allowance = new TokenBucket(RATE_LIMIT, now);
    this.activity = activityAt(now);
  }

  get backlog(): number {
    return this.link.backlog;
  }
}

interface ObserverLinksOptions {
  readonly clock: Clock;
  readonly detector: DetectorConfig;
  /** Whether observers may call this method. */
  readonly isPublic: (method: string) => boolean;
  readonly onRequest: (from: Peer, frame: RequestFrame) => void;
  /** Called when the observer answered a probe. */
  readonly onProbeAck: (id: NodeId) => void;
  /** Called when this class has refused an observer, for example one that broke a rule or read too slowly. */
  readonly onRefused: (link: Link, refusal: Refusal) => void;
  /** Called when the link with the observer has ended. */
  readonly onGone: (id: NodeId) => void;
}

/**
 * The links with observers. Observers receive the member list, heartbeats and published notifications, and may call
 * public methods. They are not members, so this node does not announce them to other nodes.
 */
export class ObserverLinks {
  readonly #options: ObserverLinksOptions;
  readonly #byId = new Map<NodeId, ObserverLink>();
  readonly #requests: ObserverRequestQueue<ObserverLink>;
  readonly #backlog: SharedBacklog<ObserverLink>;

  constructor(options: ObserverLinksOptions) {
    const { clock } = options;
    this.#options = options;
    this.#backlog = new SharedBacklog<ObserverLink>(
      OBSERVER_BACKLOG,
      () => clock.monotonic(),
      (observer) => this.#refuse(observer, 'slow_consumer', SLOW),
    );
    this.#requests = new ObserverRequestQueue<ObserverLink>({
      clock,
      isReady: (observer) => this.#backlog.hasRoom(observer),
      serve: ({ peer }, frame) => options.onRequest(peer, frame),
    });
  }

  get isFull(): boolean {
    return this.#byId.size >= MAX_OBSERVERS;
  }

  /** Accepts a verified observer. There must be no other link with its id. */
  admit(link: Link, peer: Peer): void {
    const now = this.#options.clock.monotonic();
    const observer = new ObserverLink(peer, link, now);
    this.#byId.set(peer.id, observer);
    this.#backlog.join(observer);
    link.welcome();
  }

  /** Ends the link with an observer at once, because the link is dead. */
  terminate(id: NodeId): void {
    const observer = this.#byId.get(id);
    if (observer === undefined) return;
    observer.link.terminate();
    this.#remove(observer);
  }

  /** Refuses the observer with this id, if there is one, because the id belongs to a member. */
  yieldTo(id: NodeId): void {
    const observer = this.#byId.get(id);
    if (observer === undefined) return;
    this.#refuse(observer, 'id_conflict', `${id} is a member; an observer needs an id of its own`);
  }

  /** Handles a frame from an observer. */
  receive(link: Link, peer: Peer, frame: PeerFrame | UnknownFrame): void {
    const observer = this.#byId.get(peer.id);
    if (observer?.link !== link) return;
    const now = this.#options.clock.monotonic();
    observer.activity = activityAt(now);
    if (!observer.allowance.take(now)) {
      const { burst, perSecond } = RATE_LIMIT;
      this.#refuse(
        observer,
        'too_many_requests',
        `an observer may send ${perSecond} frames a second, ${burst} at once`,
      );
      return;
    }
    switch (frame.type) {
      case 'heartbeat':
      case 'unknown':
        break;
      case 'probe_ack':
        this.#options.onProbeAck(peer.id);
        break;
      case 'probe':
        link.offer(encode({ type: 'probe_ack' }));
        break;
      case 'leave':
        link.close('leaving');
        this.#remove(observer);
        break;
      case 'request':
        this.#request(observer, frame);
        break;
      default:
        this.#refuse(observer, 'not_permitted', `an observer may not send ${frame.type}`);
    }
  }

  #request(observer: ObserverLink, frame: RequestFrame): void {
    if (!this.#options.isPublic(frame.method)) {
      this.#refuse(observer, 'not_permitted', `an observer may not request ${frame.method}`);
      return;
    }
    const isTaken = this.#requests.add(observer, frame);
    // To make room, `add` may have ended the link with this same observer.
    if (this.#byId.get(observer.peer.id) !== observer) this.#requests.remove(observer);
    else if (!isTaken) {
      const message = `${MAX_WAITING} requests of this observer are waiting; await their answers before you send more`;
      this.#refuse(observer, 'too_many_requests', message);
    }
  }

  /** Handles the end of a link that was not ended by this class. */
  ended(link: Link): void {
    const observer = this.#ofLink(link);
    if (observer !== undefined) this.#remove(observer);
  }

  /** Sends a heartbeat to all observers, and ends the links of silent ones. */
  beat(heartbeat: string, now: number, lateMs: number): void {
    for (const observer of [...this.#byId.values()]) {
      const { activity, state } = checkPeer(observer.activity, now, lateMs, this.#options.detector);
      observer.activity = activity;
      if (state === 'dead') {
        this.terminate(observer.peer.id);
        continue;
      }
      observer.link.offer(heartbeat);
      if (state === 'suspect') observer.link.send({ type: 'probe' });
    }
  }

  /**
   * Sends a frame to all observers that have room. The others miss the frame: such frames are repeated from time to
   * time.
   */
  sendAll(text: string): void {
    for (const observer of [...this.#byId.values()]) {
      if (this.#backlog.hasRoom(observer)) observer.link.sendEncoded(text);
    }
  }

  /** Sends an answer to an observer. Returns whether there is a link with this incarnation of the observer. */
  answer({ id, incarnation }: Peer, text: string): boolean {
    const observer = this.#byId.get(id);
    if (observer?.peer.incarnation !== incarnation) return false;
    this.#requests.charge(text.length);
    observer.link.sendEncoded(text);
    return true;
  }

  /** Whether the backlog of an observer is small enough to send it more. */
  hasRoom(id: NodeId): boolean {
    const observer = this.#byId.get(id);
    return observer !== undefined && this.#backlog.hasRoom(observer);
  }

  get(id: NodeId): Link | undefined {
    return this.#byId.get(id)?.link;
  }

  /** Removes all observers, because the node stops. `UnreleasedLinks` ends the links themselves. */
  stop(): void {
    for (const observer of [...this.#byId.values()]) this.#remove(observer);
    this.#requests.stop();
  }

  #ofLink(link: Link): ObserverLink | undefined {
    const observer = link.peer === undefined ? undefined : this.#byId.get(link.peer.id);
    return observer?.link === link ? observer : undefined;
  }

  #refuse(observer: ObserverLink, reason: CloseReason, message: string): void {
    const refusal: Refusal = { reason, message };
    observer.link.refuse(refusal);
    this.#remove(observer);
    this.#options.onRefused(observer.link, refusal);
  }

  #remove(observer: ObserverLink): void {
    const { peer, link } = observer;
    this.#byId.delete(peer.id);
    this.#requests.remove(observer);
    this.#backlog.leave(observer, link);
    this.#options.onGone(peer.id);
  }
}

const SLOW = `${OBSERVER_BACKLOG.total / 1024 / 1024} MiB are unsent to all observers together, and this observer is the slowest; read faster, or use a faster connection`;
