import type { MessageSender } from '../../streams/events.js';
import { ServerNotRunningError } from '../errors.js';
import { CallFromRemote, type RemoteCaller } from './envelope.js';
import { type ExitSignal, receiveExit } from './exit-signals.js';
import { checkBehavior, type GenServerOptions } from './gen-server-options.js';
import type { AnyBehavior, TerminationReason } from './gen-server-types.js';
import type { Process } from './process.js';
import type { ProcessTable } from './process-table.js';
import type { ProcessRef } from './refs.js';
import type { GlobalNameClaims } from './remote-processes.js';
import { spawnServer } from './spawn-server.js';

/** The processes of this runtime, as messages from other nodes reach them: by id. */
export interface LocalProcesses {
  /** Hands over a call; the caller is answered in any case. */
  call(id: string, message: unknown, caller: RemoteCaller, sender?: MessageSender): void;
  /** Hands over a message; one that finds no process, or a full mailbox, is dropped. */
  send(kind: 'cast' | 'info', id: string, message: unknown, sender?: MessageSender): void;
  /** Calls `onExit` when the process ends; `undefined`: there is no such process. Returns a function that ends that. */
  watch(id: string, onExit: (reason: TerminationReason) => void): (() => void) | undefined;
  /** As {@link watch}, of a GenServer: a supervisor takes no links. */
  watchServer(id: string, onExit: (reason: TerminationReason) => void): (() => void) | undefined;
  receiveExit(id: string, signal: ExitSignal): void;
  /** Resolves when the process is gone. */
  stop(id: string, reason: TerminationReason, timeoutMs: number): Promise<void>;
  kill(id: string): void;
  nameOf(id: string): string | undefined;
  /** Starts a GenServer. `onSpawn` is called before its `init`. Rejects as `GenServer.start` does. */
  start(behavior: AnyBehavior, options: GenServerOptions, onSpawn: (ref: ProcessRef) => void): Promise<ProcessRef>;
}

/** A mailbox without a limit of its own takes so many messages when they come from other nodes. */
const REMOTE_MAILBOX_LIMIT = 100_000;

export function localProcesses(processes: ProcessTable, globalNames: () => GlobalNameClaims): LocalProcesses {
  /** Supervisors are no targets of messages. */
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
      processes.sentBy(sender, () => server(id)?.sendLate(message, kind, REMOTE_MAILBOX_LIMIT));
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
    async start(behavior, options, onSpawn) {
      checkBehavior(behavior);
      const process = await spawnServer({ processes, globalNames }, behavior, options, ({ ref }) => onSpawn(ref));
      return process.ref;
    },
    nameOf: (id) => processes.get(id)?.registeredName,
  };
}
