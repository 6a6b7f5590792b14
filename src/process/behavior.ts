declare const types: unique symbol;

/**
 * Addresses one process of one runtime. Plain, frozen data: it can be stored and sent. Two refs are of the same process
 * when both `id` and `life` are equal.
 */
export interface ProcessRef {
  /** Short, for people: `p17`. Unique within the runtime only. */
  readonly id: string;
  /** The life of the runtime that started the process: random, made by `createRuntime`. */
  readonly life: string;
}

/** Addresses a GenServer. The type parameters exist for the compiler only. */
export interface GenServerRef<State = unknown, CallMsg = unknown, CastMsg = unknown, CallReply = unknown>
  extends ProcessRef {
  // A method, so that a typed ref goes wherever any ref does.
  [types]?(state: State, call: CallMsg, cast: CastMsg): CallReply;
}

/** Addresses a supervisor. */
export interface SupervisorRef extends ProcessRef {
  readonly [types]?: 'supervisor';
}

/**
 * Why a process ended. `normal`: it was asked to, or finished. `shutdown`: its supervisor, or the runtime, is stopping.
 * `killed`: it did not stop in time. `{ error }`: it crashed.
 */
export type TerminationReason = 'normal' | 'shutdown' | 'killed' | { readonly error: Error };

/**
 * What a GenServer does. Messages are handled one at a time, in the order sent; a handler may be async, and the next
 * message waits for it. A handler that throws ends the process with that error.
 */
export interface GenServerBehavior<State, CallMsg = unknown, CastMsg = unknown, CallReply = unknown, Info = unknown> {
  /** Makes the first state. `self` addresses this very process, to give away or to send to. */
  init(self: GenServerRef<State, CallMsg, CastMsg, CallReply>): State | Promise<State>;
  handleCall(message: CallMsg, state: State): readonly [CallReply, State] | Promise<readonly [CallReply, State]>;
  handleCast(message: CastMsg, state: State): State | Promise<State>;
  /** Without it, infos are counted and dropped. */
  handleInfo?(info: Info, state: State): State | Promise<State>;
  /** Cleans up. Runs after a stop and after a crash, but not when the process is killed. */
  terminate?(reason: TerminationReason, state: State): void | Promise<void>;
}
