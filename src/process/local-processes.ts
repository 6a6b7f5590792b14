import type { MessageSender } from '../../streams/events.js';
import { ServerNotRunningError } from '../errors.js';
import { CallFromRemote, type RemoteCaller } from './envelope.js';
import { type ExitSignal, receiveExit } from './exit-signals.js';
import { checkBehavior, type GenServerOptions } from './gen-server-options.js';
import type { AnyBehavior, TerminationReason } from './gen-server-types.js';
import type { Process } from './process.js';
import type { ProcessRef } from './process-refs.js';
import type { ProcessTable } from './process-table.js';
import type { GlobalNameClaims } from './remote-processes.js';
import { type SpawnSteps, spawnGenServer } from './spawn-gen-server.js';

/** Operations on the processes of this runtime by process id, for example for messages from other nodes. */
export interface LocalProcesses {
  /** Delivers a call. Never throws: `caller` receives the reply or the error. */
  call(id: string, message: unknown, caller: RemoteCaller, sender?: MessageSender): void;
  /** Delivers a cast or info. The message is dropped if no GenServer with this id runs, or its mailbox is full. */
  send(kind: 'cast' | 'info', id: string, message: unknown, sender?: MessageSender): void;
  /**
   * Calls `onExit` when the process ends. Returns a function that removes the listener; `undefined` if no process with
   * this id runs.
   */
  watch(id: string, onExit: (reason: TerminationReason) => void): (() => void) | undefined;
  /**
   * Calls `onExit` when a GenServer ends. Returns a function that removes the listener; `undefined` if no GenServer
   * with this id runs. For process links, which supervisors cannot have.
   */
  watchServer(id: string, onExit: (reason: TerminationReason) => void): (() => void) | undefined;
  /** Delivers an exit signal to a GenServer. Does nothing if no GenServer with this id runs. */
  receiveExit(id: string, signal: ExitSignal): void;
  /** Stops a process, and kills it after `timeoutMs`. Resolves when it has ended, or at once if it does not run. */
  stop(id: string, reason: TerminationReason, timeoutMs: number): Promise<void>;
  kill(id: string): void;
  has(id: string): boolean;
  nameOf(id: string): string | undefined;
  /** Starts a GenServer. Resolves with its ref. Rejects as `GenServer.start` does, or as `steps.check` throws. */
  start(behavior: AnyBehavior, options: GenServerOptions, steps: SpawnSteps): Promise<ProcessRef>;
}

/** The mailbox limit for messages from other nodes, in messages. Applies to mailboxes without a configured limit. */
const REMOTE_MAILBOX_LIMIT = 100_000;

export function localProcesses(processes: ProcessTable, globalNames: () => GlobalNameClaims): LocalProcesses {
  /** Finds a GenServer. Other nodes cannot send messages to supervisors. */
  const server = (id: string): Process | undefined => {
    const process = processes.get(id);
    return process?.kind === 'genserver' ? process : undefined;
  };
  return {
    call(id, message, caller, sender) {
      const process = server(id);
      if (process === undefined) {
        caller.fail(new ServerNotRunningError(id));
        return;
      }
      const call = new CallFromRemote(process, caller);
      try {
        processes.sentBy(sender, () => process.sendFromRemote(message, call, REMOTE_MAILBOX_LIMIT));
      } catch (thrown) {
        call.fail(thrown as Error);
      }
    },
    send(kind, id, message, sender) {
      processes.sentBy(sender, () => server(id)?.sendOrDrop(message, kind, REMOTE_MAILBOX_LIMIT));
    },
    watch: (id, onExit) => processes.get(id)?.onExit(onExit),
    watchServer: (id, onExit) => server(id)?.onExit(onExit),
    receiveExit(id, signal) {
      const process = server(id);
      if (process !== undefined) receiveExit(process, signal);
    },
    async stop(id, reason, timeoutMs) {
      await processes.get(id)?.stop(reason, timeoutMs);
    },
    kill: (id) => processes.get(id)?.kill(),
    has: (id) => processes.get(id) !== undefined,
    async start(behavior, options, steps) {
      checkBehavior(behavior);
      const process = await spawnGenServer({ processes, globalNames }, behavior, options, steps);
      return process.ref;
    },
    nameOf: (id) => processes.get(id)?.registeredName,
  };
}
