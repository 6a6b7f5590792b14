import type { Observable } from 'rxjs';
import { InvalidArgumentError, NotRegisteredError } from '../../errors.js';
import type { ProcessName, ProcessRef } from '../../process/process-refs.js';
import { checkGlobalName, checkKnown, checkShortText, RESERVED_PREFIX } from '../../validate.js';
import { currentValue } from '../value-observable.js';
import type { GlobalNames } from './global-names.js';
import type { OnConflict } from './global-names-ports.js';

export interface GlobalRegisterOptions {
  /**
   * What happens to the process if, after a partition, another process owns the name by an earlier claim. `kill`, the
   * default: it is killed. `notify`: it receives an info `{ type: 'global_name_conflict', name, winner }` and keeps
   * running without the name. A process that loses its name with the quorum (`minNodes`) is killed in either case.
   */
  readonly onConflict?: OnConflict | undefined;
}

/** Names that are unique in the whole cluster, or in this runtime while it is in no cluster. */
export interface GlobalRegistryApi {
  /**
   * Gives a process a name, until the name is unregistered, the process ends or its node is lost. Resolves when every
   * connected node has accepted the name, after a round trip to the slowest node. Of several simultaneous
   * registrations, at most one succeeds.
   *
   * Rejects with AlreadyRegisteredError when a process, even this one, already has or claims the name, or the name is
   * reserved for a process of a lost node. Rejects with GlobalNameTimeoutError when a connected node does not answer.
   * Rejects with NoQuorumError while the node of the process sees fewer than `minNodes` nodes. Also rejects with
   * ServerNotRunningError, ForeignRefError, NodeNotConnectedError, MessageRefusedError, LinkOverloadedError,
   * InvalidArgumentError or UnknownOptionError.
   *
   * @example
   * await GlobalRegistry.register('billing', billing);
   */
  register(name: string, ref: ProcessRef, options?: GlobalRegisterOptions): Promise<void>;
  /**
   * Frees a name, even if its process runs on another node. Does nothing if this node knows no owner of the name.
   * Rejects with NodeNotConnectedError, MessageRefusedError, LinkOverloadedError or InvalidArgumentError.
   */
  unregister(name: string): Promise<void>;
  /** Returns the ref of the owner of the name. Sends no message. @throws NotRegisteredError if this node knows none */
  lookup<Ref extends ProcessRef = ProcessRef>(name: string | ProcessName<Ref>): Ref;
  /** Returns the ref of the owner of the name; `undefined` if this node knows none. Sends no message. */
  whereis<Ref extends ProcessRef = ProcessRef>(name: string | ProcessName<Ref>): Ref | undefined;
  /**
   * Creates a name to send messages to: plain, frozen data. Each message goes to the process that has the name at that
   * moment, on any node.
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
  /** Emits all names with the refs of their owners: on subscription, and again after each change. */
  readonly names$: Observable<ReadonlyMap<string, ProcessRef>>;
}

interface Parts {
  readonly names: GlobalNames;
  /** Registers a name for a process of this or another node, at the node of the process. */
  register(name: string, ref: ProcessRef, onConflict: OnConflict): Promise<void>;
  unregister(name: string): Promise<void>;
}

const OPTIONS = ['onConflict'] satisfies (keyof GlobalRegisterOptions)[];
const ON_CONFLICT: readonly unknown[] = ['kill', 'notify'] satisfies OnConflict[];

export function createGlobalRegistry({ names, register, unregister }: Parts): GlobalRegistryApi {
  const whereis = <Ref extends ProcessRef>(name: string | ProcessName<Ref>): Ref | undefined =>
    // A name does not determine the type of its ref: the caller states it with the type parameter.
    names.whereis(textOf(name)) as Ref | undefined;
  const userNames = (): readonly string[] => names.names().filter((name) => !name.startsWith(RESERVED_PREFIX));
  const all = (): ReadonlyMap<string, ProcessRef> =>
    new Map(
      userNames().flatMap((name) => {
        const ref = names.whereis(name);
        return ref === undefined ? [] : [[name, ref] as const];
      }),
    );
  return {
    async register(name, ref, options = {}) {
      checkGlobalName(name);
      checkKnown(options, OPTIONS, 'the options of GlobalRegistry.register');
      const { onConflict = 'kill' } = options;
      if (!ON_CONFLICT.includes(onConflict))
        throw new InvalidArgumentError('onConflict', "'kill' or 'notify'", onConflict);
      await register(name, ref, onConflict);
    },
    async unregister(name) {
      checkGlobalName(name);
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
    getNames: userNames,
    count: () => userNames().length,
    names$: currentValue({ read: all, onChange: (listener) => names.onChange(listener), isEqual: haveSameOwners }),
  };
}

type Owners = ReadonlyMap<string, ProcessRef>;

function haveSameOwners(a: Owners, b: Owners): boolean {
  if (a.size !== b.size) return false;
  for (const [name, { id, life }] of a) {
    const other = b.get(name);
    if (other?.id !== id || other.life !== life) return false;
  }
  return true;
}

function textOf(name: string | ProcessName): string {
  return typeof name === 'string' ? name : name.name;
}
