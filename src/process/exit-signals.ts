import { asError, NodeNotConnectedError, ServerNotRunningError } from '../errors.js';
import type { DownReason, Link, ProcessExit, TerminationReason } from './gen-server-types.js';
import type { ProcessRef } from './process-refs.js';

/**
 * The signal that a process receives when the process `ref`, with which it is linked, has ended or its node was lost.
 */
export interface ExitSignal {
  readonly link: Link;
  readonly ref: ProcessRef;
  readonly reason: DownReason;
  /** The id of the node of `ref`. Needed only for the reason `noconnection`. `undefined`: not known or not needed. */
  readonly nodeId?: string | undefined;
}

/** The parts of a process that an exit signal acts on. */
interface LinkedProcess {
  readonly gone: boolean;
  readonly trapsExit: boolean;
  enqueue(message: ProcessExit, envelope: 'info'): void;
  exit(reason: TerminationReason): void;
}

/**
 * Delivers an exit signal. A process that traps exits gets an info message. Any other process ends at once, unless the
 * reason is `normal`. Does nothing if the process has already ended.
 */
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
