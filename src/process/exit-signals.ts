import { asError, NodeNotConnectedError, ServerNotRunningError } from '../errors.js';
import type { DownReason, Link, ProcessExit, TerminationReason } from './gen-server-types.js';
import type { ProcessRef } from './refs.js';

/** What reaches a process when one that it is linked with has ended. */
export interface ExitSignal {
  readonly link: Link;
  /** The process that has ended. */
  readonly ref: ProcessRef;
  readonly reason: DownReason;
  /** The node that is not connected any more, for `noconnection`. */
  readonly nodeId?: string | undefined;
}

/** What a signal does to a process needs of it. */
interface LinkedProcess {
  readonly gone: boolean;
  readonly trapsExit: boolean;
  enqueue(message: ProcessExit, envelope: 'info'): void;
  exit(reason: TerminationReason): void;
}

/** A process that traps exits handles a message; another ends, unless the reason is `normal`. */
export function receiveExit(process: LinkedProcess, signal: ExitSignal): void {
  if (process.gone) return;
  if (process.trapsExit) {
    const { link, ref, reason } = signal;
    process.enqueue(Object.freeze({ type: 'exit', link, ref, reason }), 'info');
    return;
  }
  const reason = reasonOfSignal(signal);
  if (reason !== undefined) process.exit(reason);
}

function reasonOfSignal({ reason, ref, nodeId }: ExitSignal): TerminationReason | undefined {
  if (reason === 'normal') return undefined;
  if (reason === 'noproc') return { error: new ServerNotRunningError(ref.id) };
  if (reason === 'noconnection') return { error: new NodeNotConnectedError(nodeId ?? `of life '${ref.life}'`) };
  return typeof reason === 'object' ? { error: asError(reason.error) } : reason;
}
