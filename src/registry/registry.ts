import type { UnstampedEvent } from '../../streams/events.js';
import { AlreadyRegisteredError, NotRegisteredError } from '../errors.js';
import { checkName } from '../process/gen-server-options.js';
import type { ProcessName, ProcessRef } from '../process/process-refs.js';
import type { Names, ProcessTable } from '../process/process-table.js';

/** Maps names to process ids. A process has at most one name, and a name belongs to at most one process. */
export class NameTable implements Names {
  readonly #idByName = new Map<string, string>();
  readonly #nameById = new Map<string, string>();

  claim(name: string, id: string): void {
    const holder = this.#idByName.get(name);
    if (holder !== undefined) throw new AlreadyRegisteredError(name, holder);
    const other = this.#nameById.get(id);
    if (other !== undefined) throw new AlreadyRegisteredError(other, id);
    this.#idByName.set(name, id);
    this.#nameById.set(id, name);
  }

  release(id: string): string | undefined {
    const name = this.#nameById.get(id);
    if (name === undefined) return undefined;
    this.#nameById.delete(id);
    this.#idByName.delete(name);
    return name;
  }

  nameOf(id: string): string | undefined {
    return this.#nameById.get(id);
  }

  idOf(name: string): string | undefined {
    return this.#idByName.get(name);
  }

  names(): readonly string[] {
    return [...this.#idByName.keys()];
  }
}

export interface RegistryApi {
  /**
   * Gives a running process a name, until the name is unregistered or the process ends.
   *
   * @throws AlreadyRegisteredError, ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  register(name: string, ref: ProcessRef): void;
  /** Frees a name. Does nothing if the name is not registered. */
  unregister(name: string): void;
  /** Returns the ref of the process with this name. @throws NotRegisteredError when no process has it */
  lookup<Ref extends ProcessRef = ProcessRef>(name: string | ProcessName<Ref>): Ref;
  /** Returns the ref of the process with this name; `undefined` when no process has it. */
  whereis<Ref extends ProcessRef = ProcessRef>(name: string | ProcessName<Ref>): Ref | undefined;
  /**
   * Creates a name to send messages to: plain, frozen data that may exist before its process. Each message goes to the
   * process that has the name when the message is sent. So messages still arrive after the process was restarted under
   * the same name.
   *
   * @throws InvalidArgumentError
   * @example
   * export const billing = Registry.name<BillingRef>('billing');
   * GenServer.cast(billing, { type: 'paid', order: 17 });
   */
  name<Ref extends ProcessRef = ProcessRef>(name: string): ProcessName<Ref>;
  isRegistered(name: string): boolean;
  getNames(): readonly string[];
  count(): number;
}

interface Parts {
  readonly names: NameTable;
  readonly processes: ProcessTable;
  emit(event: UnstampedEvent): void;
}

export function createRegistry({ names, processes, emit }: Parts): RegistryApi {
  const whereis = <Ref extends ProcessRef>(name: string | ProcessName<Ref>): Ref | undefined => {
    const id = names.idOf(textOf(name));
    // A string does not determine the type of the ref: the caller states that type with the type parameter.
    return id === undefined ? undefined : (processes.get(id)?.ref as Ref | undefined);
  };
  return {
    register(name, ref) {
      checkName(name);
      const { id } = processes.running(ref);
      names.claim(name, id);
      emit({ type: 'name_registered', name, id });
    },
    unregister(name) {
      const id = names.idOf(name);
      if (id === undefined) return;
      names.release(id);
      emit({ type: 'name_unregistered', name, id });
    },
    lookup<Ref extends ProcessRef>(name: string | ProcessName<Ref>) {
      const ref = whereis<Ref>(name);
      if (ref === undefined) throw new NotRegisteredError(textOf(name));
      return ref;
    },
    whereis,
    name(name) {
      checkName(name);
      return Object.freeze({ registration: 'local', name });
    },
    isRegistered: (name) => names.idOf(name) !== undefined,
    getNames: () => names.names(),
    count: () => names.names().length,
  };
}

function textOf(name: string | ProcessName): string {
  return typeof name === 'string' ? name : name.name;
}
