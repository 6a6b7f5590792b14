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

/** The most observers at once: each is sent every change. */
export const MAX_OBSERVERS = 100;

/** What may wait for all observers together, and for each of them before it gets no more, bytes. */
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
  /** The observer answered a probe. */
  readonly onProbeAck: (id: NodeId) => void;
  /** The observer violated the protocol; its link was ended. */
  readonly onRefused: (link: Link, refusal: Refusal) => void;
  /** The link with the observer has ended. */
  readonly onGone: (id: NodeId) => void;
}

/**
 * The links with observers. They receive the member list and may call public methods. They are not members, so other
 * nodes do not learn of them.
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

  /** Lets a verified observer in, of which there is no other link. */
  admit(link: Link, peer: Peer): void {
    const now = this.#options.clock.monotonic();
    const observer = new ObserverLink(peer, link, now);
    this.#byId.set(peer.id, observer);
    this.#backlog.join(observer);
    link.welcome();
  }

  /** The link with that observer is dead. */
  terminate(id: NodeId): void {
    const observer = this.#byId.get(id);
    if (observer === undefined) return;
    observer.link.terminate();
    this.#remove(observer);
  }

  /** A member joined with that id: the observer has to give it up. */
  yieldTo(id: NodeId): void {
    const observer = this.#byId.get(id);
    if (observer === undefined) return;
    this.#refuse(observer, 'id_conflict', `${id} is a member; an observer needs an id of its own`);
  }

  receive(link: Link, peer: Peer, frame: PeerFrame | UnknownFrame): void {
    const observer = this.#byId.get(peer.id);
    if (observer?.link !== link) return;
    const now = this.#options.clock.monotonic();
    observer.activity = activityAt(now);
    if (!observer.allowance.take(now)) {
      const { burst, perSecond } = RATE_LIMIT;
      this.#refuse(observer, 'too_many_requests', `an observer may ask ${perSecond} times a second, ${burst} at once`);
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
      this.#refuse(observer, 'not_permitted', `an observer may not ask for ${frame.method}`);
      return;
    }
    const isTaken = this.#requests.add(observer, frame);
    // This observer itself may have been disconnected to make room.
    if (this.#byId.get(observer.peer.id) !== observer) this.#requests.remove(observer);
    else if (!isTaken) {
      const message = `${MAX_WAITING} requests of this observer wait; wait for answers before you ask for more`;
      this.#refuse(observer, 'too_many_requests', message);
    }
  }

  /** The link ended, not by this class. */
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

  /** Sends to the observers that have room: everything sent to all is repeated from time to time. */
  sendAll(text: string): void {
    for (const observer of [...this.#byId.values()]) {
      if (this.#backlog.hasRoom(observer)) observer.link.sendEncoded(text);
    }
  }

  /** @returns whether there is a link with that incarnation of that observer */
  answer({ id, incarnation }: Peer, text: string): boolean {
    const observer = this.#byId.get(id);
    if (observer?.peer.incarnation !== incarnation) return false;
    this.#requests.charge(text.length);
    observer.link.sendEncoded(text);
    return true;
  }

  /** Whether that observer takes what it is sent. */
  hasRoom(id: NodeId): boolean {
    const observer = this.#byId.get(id);
    return observer !== undefined && this.#backlog.hasRoom(observer);
  }

  get(id: NodeId): Link | undefined {
    return this.#byId.get(id)?.link;
  }

  /** The node stops. The owner of the links ends them. */
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

const SLOW = `${OBSERVER_BACKLOG.total / 1024 / 1024} MiB wait for all observers together, and this one is the slowest; read faster, or over a faster line`;
