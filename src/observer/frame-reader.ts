import { type Observable, Subject } from 'rxjs';
import { applyChanges } from '../../streams/changes.js';
import { decodeReport, frameOf, type NodeFrame } from '../../streams/frames.js';
import { type Frames, mergeFrame, noFrames } from '../../streams/merge.js';
import type { Known } from './publisher.js';

interface FrameReaderPorts<Id extends string> {
  now(): number;
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
}

/** Makes frames of what other nodes report, and keeps the newest of each, so that the next report need not tell it all. */
export class FrameReader<Id extends string> {
  readonly #ports: FrameReaderPorts<Id>;
  readonly #accepted$ = new Subject<NodeFrame>();
  #frames: Frames = noFrames;

  constructor(ports: FrameReaderPorts<Id>) {
    this.#ports = ports;
  }

  get frames(): Frames {
    return this.#frames;
  }

  /** Each newer frame, of whatever node. */
  get frame$(): Observable<NodeFrame> {
    return this.#accepted$;
  }

  /**
   * Asks a node for a report.
   *
   * Rejects as the request does, and with a TypeError when the answer makes no sense.
   */
  async ask(id: Id, method: string, timeoutMs: number): Promise<void> {
    const begun = this.#ports.now();
    if (this.accept(id, await this.#ports.request(id, method, this.#known(id), timeoutMs))) return;
    const rest = Math.max(1, timeoutMs - (this.#ports.now() - begun));
    if (this.accept(id, await this.#ports.request(id, method, null, rest))) return;
    throw new TypeError('asked for everything, it told only what changed');
  }

  /**
   * Takes a report in; `false` when it builds on what is not known here.
   *
   * @throws TypeError when it makes no sense
   */
  accept(id: Id, text: unknown): boolean {
    const report = decodeReport(text);
    const held = this.#frames.get(id);
    const base = held?.incarnation === report.incarnation ? held : undefined;
    // An answer may be overtaken by what the node pushed meanwhile.
    if (base !== undefined && base.version > report.version) return true;
    const receivedAt = this.#ports.now();
    const ahead = report.timestamp - receivedAt;
    const model = applyChanges(base?.model, report.version, report.changes, () => this.#ports.now() + ahead);
    if (model === undefined) return false;
    this.put(frameOf(id, report, model, receivedAt));
    return true;
  }

  put(frame: NodeFrame): void {
    this.#frames = mergeFrame(this.#frames, frame);
    this.#accepted$.next(frame);
  }

  forget(id: Id): void {
    const rest = new Map(this.#frames);
    rest.delete(id);
    this.#frames = rest;
  }

  #known(id: Id): Known | null {
    const held = this.#frames.get(id);
    return held === undefined ? null : { incarnation: held.incarnation, version: held.version };
  }
}
