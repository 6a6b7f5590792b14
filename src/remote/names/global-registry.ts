import { Observable } from 'rxjs';
import { InvalidArgumentError, NotRegisteredError } from '../../errors.js';
import type { ProcessName, ProcessRef } from '../../process/refs.js';
import { checkKnown, checkShortText } from '../../validate.js';
import { runInMicrotask } from '../cancellable-microtask.js';
import type { GlobalNames, OnConflict } from './global-names.js';

export interface GlobalRegisterOptions {
  /**
   * What happens to the process when it turns out, after a partition, that another one has the name by an earlier claim. `kill`
   * (default): it is killed. `notify`: it gets an info `{ type: 'global_name_conflict', name, winner }`, and lives on without the name.
   */
  readonly onConflict?: OnConflict | undefined;
}

/** Names that are unique in the whole cluster. Without a cluster, they are unique in this runtime. */
export interface GlobalRegistryApi {
  /**
   * Gives a process a name, until it unregisters it, ends, or its node is lost. Resolves when every connected node has accepted
   * the name: that takes a round trip to the slowest one. Of several registrations at the same time at most one succeeds.
   *
   * Rejects with AlreadyRegisteredError when another process has the name or claims it, GlobalNameTimeoutError when a connected node
   * does not answer, ServerNotRunningError, ForeignRefError, NodeNotConnectedError, InvalidArgumentError, UnknownOptionError.
   *
   * @example
   * await GlobalRegistry.register('billing', billing);
   */
  register(name: string, ref: ProcessRef, options?: GlobalRegisterOptions): Promise<void>;
  /** Frees a name, also one of a process of another node. A name that is not registered is no error. Rejects with NodeNotConnectedError. */
  unregister(name: string): Promise<void>;
  /** @throws NotRegisteredError */
  lookup<Ref extends ProcessRef = ProcessRef>(name: string | ProcessName<Ref>): Ref;
  /** The process that has the name, as far as is known here; no message is sent. */
  whereis<Ref extends ProcessRef = ProcessRef>(name: string | ProcessName<Ref>): Ref | undefined;
  /**
   * A name to send messages to: plain, frozen data. Each message goes to the process that has the name then, on whichever node.
   *
   * @throws InvalidArgumentError
   * @example
   * export const billing = GlobalRegistry.name<BillingRef>('billing');
   * GenServer.cast(billing, { type: 'paid', order: 17 });
   */
  name<Ref extends ProcessRef = ProcessRef>(name: string): ProcessName<Ref>;
  isRegistered(name: string): boolean;
  getNames(): readonly string[];
  count(): number;
  /** All names with their processes: now, and whenever that has changed. */
  readonly names$: Observable<ReadonlyMap<string, ProcessRef>>;
}

interface Parts {
  readonly names: GlobalNames;
  /** Registers a process, of this node or another one, at its node. */
  register(name: string, ref: ProcessRef, onConflict: OnConflict): Promise<void>;
  unregister(name: string): Promise<void>;
}

const OPTIONS = ['onConflict'] satisfies (keyof GlobalRegisterOptions)[];
const ON_CONFLICT: readonly unknown[] = ['kill', 'notify'] satisfies OnConflict[];

export function createGlobalRegistry({ names, register, unregister }: Parts): GlobalRegistryApi {
  const whereis = <Ref extends ProcessRef>(name: string | ProcessName<Ref>): Ref | undefined =>
    // A name does not determine the kind of its process: the caller states it by the type parameter.
    names.whereis(textOf(name)) as Ref | undefined;
  const all = (): ReadonlyMap<string, ProcessRef> =>
    new Map(
      names.names().flatMap((name) => {
        const ref = names.whereis(name);
        return ref === undefined ? [] : [[name, ref] as const];
      }),
    );
  return {
    async register(name, ref, options = {}) {
      checkShortText('name', name);
      checkKnown(options, OPTIONS, 'the options of GlobalRegistry.register');
      const { onConflict = 'kill' } = options;
      if (!ON_CONFLICT.includes(onConflict))
        throw new InvalidArgumentError('onConflict', "'kill' or 'notify'", onConflict);
      await register(name, ref, onConflict);
    },
    async unregister(name) {
      await unregister(name);
    },
    lookup<Ref extends ProcessRef = ProcessRef>(name: string | ProcessName<Ref>) {
      const ref = whereis<Ref>(name);
      if (ref === undefined) throw new NotRegisteredError(textOf(name));
      return ref;
    },
    whereis,
    name(name) {
      checkShortText('name', name);
      return Object.freeze({ registration: 'global', name });
    },
    isRegistered: (name) => names.owner(name) !== undefined,
    getNames: () => names.names(),
    count: () => names.names().length,
    names$: new Observable((subscriber) => {
      subscriber.next(all());
      let cancel: (() => void) | undefined;
      // What changes together is emitted once.
      const end = names.onChange(() => {
        cancel ??= runInMicrotask(() => {
          cancel = undefined;
          subscriber.next(all());
        });
      });
      return () => {
        end();
        cancel?.();
      };
    }),
  };
}

function textOf(name: string | ProcessName): string {
  return typeof name === 'string' ? name : name.name;
}
