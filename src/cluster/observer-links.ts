import type { Clock } from '../clock.js';
import { check, type DetectorConfig, heard, type Pulse } from './failure-detector.js';
import type { Peer, PeerFrame, RequestFrame } from './frames.js';
import type { Link } from './link.js';
import type { NodeId } from './node-id.js';
import type { Refusal } from './refusal.js';

interface ObserverLink {
  readonly peer: Peer;
  readonly link: Link;
  pulse: Pulse;
}

interface ObserverLinksOptions {
  readonly clock: Clock;
  readonly detector: DetectorConfig;
  /** Whether observers may ask this. */
  readonly isPublic: (method: string) => boolean;
  readonly onRequest: (from: Peer, frame: RequestFrame) => void;
  /** It broke the rules; its link is over. */
  readonly onRefused: (link: Link, refusal: Refusal) => void;
  /** Its link is over. */
  readonly onGone: (id: NodeId) => void;
}

/**
 * The links with those who only look on. They are told who the members are, and may ask what is public; they are no
 * members themselves, so that nobody else hears of them.
 */
export class ObserverLinks {
  readonly #options: ObserverLinksOptions;
  readonly #byId = new Map<NodeId, ObserverLink>();

  constructor(options: ObserverLinksOptions) {
    this.#options = options;
  }

  /** Lets a verified observer in. Its earlier link, if there is one, is dead: an observer makes only one. */
  admit(link: Link, peer: Peer): void {
    const earlier = this.#byId.get(peer.id);
    if (earlier !== undefined) {
      earlier.link.terminate();
      this.#remove(earlier);
    }
    this.#byId.set(peer.id, { peer, link, pulse: heard(this.#options.clock.monotonic()) });
    link.welcome();
  }

  receive(link: Link, peer: Peer, frame: PeerFrame): void {
    const observer = this.#byId.get(peer.id);
    if (observer?.link !== link) return;
    observer.pulse = heard(this.#options.clock.monotonic());
    switch (frame.type) {
      case 'heartbeat':
      case 'probe_ack':
        break;
      case 'probe':
        link.send({ type: 'probe_ack' });
        break;
      case 'leave':
        link.close('leaving');
        this.#remove(observer);
        break;
      case 'request':
        if (this.#options.isPublic(frame.method)) this.#options.onRequest(peer, frame);
        else this.#refuse(observer, `an observer may not ask for ${frame.method}`);
        break;
      default:
        this.#refuse(observer, `an observer may not send ${frame.type}`);
    }
  }

  /** The link ended by itself. */
  ended(link: Link): void {
    const observer = this.#ofLink(link);
    if (observer !== undefined) this.#remove(observer);
  }

  /** Says how this node is, and looks who is silent. */
  beat(heartbeat: string, now: number, lateMs: number): void {
    for (const observer of [...this.#byId.values()]) {
      const { pulse, verdict } = check(observer.pulse, now, lateMs, this.#options.detector);
      observer.pulse = pulse;
      if (verdict === 'dead') {
        observer.link.terminate();
        this.#remove(observer);
        continue;
      }
      observer.link.sendEncoded(heartbeat);
      if (verdict === 'suspect') observer.link.send({ type: 'probe' });
    }
  }

  sendAll(text: string): void {
    for (const { link } of this.#byId.values()) link.sendEncoded(text);
  }

  /** The link with that life of that observer, or with whichever there is. */
  get(id: NodeId, incarnation?: number): Link | undefined {
    const observer = this.#byId.get(id);
    return incarnation === undefined || observer?.peer.incarnation === incarnation ? observer?.link : undefined;
  }

  /** The node stops: nobody looks on any more. Whoever owns the links ends them. */
  stop(): void {
    for (const observer of [...this.#byId.values()]) this.#remove(observer);
  }

  #ofLink(link: Link): ObserverLink | undefined {
    const observer = link.peer === undefined ? undefined : this.#byId.get(link.peer.id);
    return observer?.link === link ? observer : undefined;
  }

  #refuse(observer: ObserverLink, message: string): void {
    const refusal: Refusal = { reason: 'not_permitted', message };
    observer.link.refuse(refusal);
    this.#remove(observer);
    this.#options.onRefused(observer.link, refusal);
  }

  #remove({ peer }: ObserverLink): void {
    this.#byId.delete(peer.id);
    this.#options.onGone(peer.id);
  }
}
