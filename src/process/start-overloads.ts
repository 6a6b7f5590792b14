import type { GenServerOptions } from './gen-server-options.js';
import type { BehaviorWithoutCalls, GenServerBehavior, HandleCall } from './gen-server-types.js';
import type { GenServerRef } from './process-refs.js';

/** The overloads of `GenServer.start`. */
export interface Start {
  // biome-ignore lint/style/useUnifiedTypeSignatures: TypeScript has to try the overload without calls before the last
  <State, CallMsg = unknown, CastMsg = unknown, CallReply = unknown, Info = unknown>(
    behavior: BehaviorWithCalls<State, CallMsg, CastMsg, CallReply, Info>,
    options?: GenServerOptions,
  ): Promise<GenServerRef<State, CallMsg, CastMsg, CallReply>>;
  /** Starts a behavior without `handleCall`. */
  <State, CastMsg = unknown, Info = unknown>(
    behavior: BehaviorWithoutCalls<State, never, CastMsg, never, Info> & { readonly handleCall?: undefined },
    options?: GenServerOptions,
  ): Promise<GenServerRef<State, never, CastMsg, never>>;
  /** Starts a behavior whose variable is declared as `GenServerBehavior`. */
  <State, CallMsg = unknown, CastMsg = unknown, CallReply = unknown, Info = unknown>(
    behavior: GenServerBehavior<State, CallMsg, CastMsg, CallReply, Info>,
    options?: GenServerOptions,
  ): Promise<GenServerRef<State, CallMsg, CastMsg, CallReply>>;
}

interface BehaviorWithCalls<State, CallMsg, CastMsg, CallReply, Info>
  extends BehaviorWithoutCalls<State, CallMsg, CastMsg, CallReply, Info> {
  readonly handleCall: HandleCall<State, CallMsg, CastMsg, CallReply>;
}
