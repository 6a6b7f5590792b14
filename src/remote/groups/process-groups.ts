import { Observable } from 'rxjs';
import {
  asError,
  CallAbortedError,
  InvalidArgumentError,
  NoexError,
  NoGroupMembersError,
  NotSerializableError,
  ServerNotRunningError,
} from '../../errors.js';
import type { CallOptions } from '../../process/gen-server-types.js';
import type { LocalProcesses } from '../../process/local-processes.js';
import type { ProcessRef } from '../../process/refs.js';
import { checkKnown, checkShortText } from '../../validate.js';
import { runInMicrotask } from '../cancellable-microtask.js';
import { type GroupMember, GroupMembers, type MemberItem } from './group-members.js';
import { inPickOrder, PICKS, type PickPolicy } from './pick-member.js';

export interface GroupCallOptions extends CallOptions {
  /**
   * The member that is called. `local_first` (default): one of this node, in turn, if there is any. `round_robin`: each in turn.
   * `random`. `least_queue`: the one with the fewest unanswered calls of this node to the group.
   */
  readonly pick?: PickPolicy | undefined;
}

/** What the members of a group have answered. */
export interface GroupReplies<Reply> {
  readonly replies: readonly { readonly ref: ProcessRef; readonly reply: Reply }[];
  readonly failures: readonly { readonly ref: ProcessRef; readonly error: Error }[];
}

/** Groups of processes, found by name from every node: after `pg` of Erlang/OTP. A group exists while it has members. */
export interface ProcessGroupsApi {
  /**
   * Makes a process of this runtime a member, until it leaves or ends. A process may join a group several times, and leaves it as
   * often.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  join(group: string, ref: ProcessRef): void;
  /** Whether the process was a member. @throws ForeignRefError, InvalidArgumentError */
  leave(group: string, ref: ProcessRef): boolean;
  /** The members on all connected nodes, those of this one first; a process that has joined twice is there twice. */
  members<Ref extends ProcessRef = ProcessRef>(group: string): readonly Ref[];
  /** The members that this runtime runs. */
  localMembers<Ref extends ProcessRef = ProcessRef>(group: string): readonly Ref[];
  /** The members now, and whenever they have changed. */
  members$<Ref extends ProcessRef = ProcessRef>(group: string): Observable<readonly Ref[]>;
  /** The groups that have members. */
  which(): readonly string[];
  /**
   * Calls one member. When the call fails and was certainly not handled, further members are tried, each once.
   *
   * Rejects with NoGroupMembersError, and as `GenServer.call` does.
   *
   * @example
   * const quote = await ProcessGroups.call<number>('pricing', { article: 17 }, { pick: 'least_queue' });
   */
  call<Reply = unknown>(group: string, message: unknown, options?: GroupCallOptions): Promise<Reply>;
  /** Casts a message to each member; returns how many it was sent to. A member that it cannot be sent to is left out. */
  castAll(group: string, message: unknown): number;
  /** Calls each member at the same time. Never rejects for a member that fails. */
  callAll<Reply = unknown>(group: string, message: unknown, options?: CallOptions): Promise<GroupReplies<Reply>>;
}

export interface GroupPorts {
  readonly life: string;
  readonly local: LocalProcesses;
  /** Sends an item to a node, or, without `to`, to all that there is a channel with. */
  send(item: MemberItem, to?: string): void;
  call(ref: ProcessRef, message: unknown, options: CallOptions): Promise<unknown>;
  cast(ref: ProcessRef, message: unknown): void;
  /** The id of a running process of this runtime. @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError */
  running(ref: ProcessRef): string;
  /** 0 to below 1 */
  random(): number;
}

/** The groups of this node: keeps them in step with the other nodes, and sends messages to their members. */
export class ProcessGroups implements ProcessGroupsApi {
  readonly #ports: GroupPorts;
  readonly #members: GroupMembers;
  /** Ends the watch on a member that this runtime runs. */
  readonly #watches = new Map<string, () => void>();
  readonly #listeners = new Map<string, Set<() => void>>();
  /** How often each group was called from here. */
  readonly #turns = new Map<string, number>();
  /** Unanswered calls of this node to groups, by process. */
  readonly #unanswered = new Map<string, number>();

  constructor(ports: GroupPorts) {
    this.#ports = ports;
    this.#members = new GroupMembers(ports.life);
  }

  join(group: string, ref: ProcessRef): void {
    checkShortText('group', group);
    const id = this.#ports.running(ref);
    if (!this.#watches.has(id)) {
      const unwatch = this.#ports.local.watch(id, () => this.#ended(id));
      if (unwatch === undefined) throw new ServerNotRunningError(id);
      this.#watches.set(id, unwatch);
    }
    this.#set(group, id, this.#members.joins(group, id) + 1);
  }

  leave(group: string, ref: ProcessRef): boolean {
    checkShortText('group', group);
    const joins = ref.life === this.#ports.life ? this.#members.joins(group, ref.id) : 0;
    if (joins === 0) return false;
    this.#set(group, ref.id, joins - 1);
    if (this.#members.groupsOf(ref.id).length > 0) return true;
    this.#watches.get(ref.id)?.();
    this.#watches.delete(ref.id);
    return true;
  }

  members<Ref extends ProcessRef>(group: string): readonly Ref[] {
    return refsOf<Ref>(this.#members.all(group));
  }

  localMembers<Ref extends ProcessRef>(group: string): readonly Ref[] {
    return refsOf<Ref>(this.#members.local(group));
  }

  members$<Ref extends ProcessRef>(group: string): Observable<readonly Ref[]> {
    return new Observable((subscriber) => {
      subscriber.next(this.members<Ref>(group));
      let cancel: (() => void) | undefined;
      // What changes together is emitted once.
      const end = this.#onChange(group, () => {
        cancel ??= runInMicrotask(() => {
          cancel = undefined;
          subscriber.next(this.members<Ref>(group));
        });
      });
      return () => {
        end();
        cancel?.();
      };
    });
  }

  which(): readonly string[] {
    return this.#members.groups();
  }

  async call<Reply>(group: string, message: unknown, options: GroupCallOptions = {}): Promise<Reply> {
    checkKnown(options, CALL_OPTIONS, 'the options of ProcessGroups.call');
    const { pick = 'local_first', ...callOptions } = options;
    if (!PICKS.includes(pick)) throw new InvalidArgumentError('pick', PICKS.join(' | '), pick);
    const turn = this.#turns.get(group) ?? 0;
    const candidates = this.#members.all(group).map((member) => ({
      member,
      isLocal: member.nodeId === undefined,
      unanswered: this.#unanswered.get(keyOf(member)) ?? 0,
    }));
    if (candidates.length === 0) throw new NoGroupMembersError(group);
    this.#turns.set(group, turn + 1);
    let failure: unknown;
    for (const { member } of inPickOrder(candidates, pick, { turn, random: this.#ports.random })) {
      try {
        return (await this.#call(member, message, callOptions)) as Reply;
      } catch (thrown) {
        if (!isOfMember(thrown)) throw thrown;
        failure = thrown;
      }
    }
    throw failure;
  }

  castAll(group: string, message: unknown): number {
    let sent = 0;
    for (const member of this.#members.all(group)) {
      try {
        this.#ports.cast(refOf(member), message);
        sent += 1;
      } catch (thrown) {
        // What is wrong with the message is the sender's business; a member that is gone or overloaded is left out.
        if (!isOfMember(thrown)) throw thrown;
      }
    }
    return sent;
  }

  async callAll<Reply>(group: string, message: unknown, options: CallOptions = {}): Promise<GroupReplies<Reply>> {
    const replies: { readonly ref: ProcessRef; readonly reply: Reply }[] = [];
    const failures: { readonly ref: ProcessRef; readonly error: Error }[] = [];
    const calls = this.#members.all(group).map(async (member) => {
      const ref = refOf(member);
      try {
        replies.push({ ref, reply: (await this.#call(member, message, options)) as Reply });
      } catch (thrown) {
        failures.push({ ref, error: asError(thrown) });
      }
    });
    await Promise.all(calls);
    return { replies, failures };
  }

  up(nodeId: string, life: string): void {
    for (const item of this.#members.up(nodeId, life)) this.#ports.send(item, nodeId);
  }

  down(nodeId: string): void {
    for (const group of this.#members.down(nodeId)) this.#changed(group);
  }

  receive(nodeId: string, item: MemberItem): void {
    this.#members.receive(nodeId, item);
    this.#changed(item[1]);
  }

  async #call(member: GroupMember, message: unknown, options: CallOptions): Promise<unknown> {
    const key = keyOf(member);
    this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) + 1);
    try {
      return await this.#ports.call(refOf(member), message, options);
    } finally {
      const left = (this.#unanswered.get(key) ?? 1) - 1;
      if (left > 0) this.#unanswered.set(key, left);
      else this.#unanswered.delete(key);
    }
  }

  #ended(id: string): void {
    this.#watches.delete(id);
    for (const group of this.#members.groupsOf(id)) this.#set(group, id, 0);
  }

  #set(group: string, id: string, joins: number): void {
    this.#ports.send(this.#members.set(group, id, joins));
    this.#changed(group);
  }

  #changed(group: string): void {
    for (const listener of [...(this.#listeners.get(group) ?? [])]) listener();
  }

  #onChange(group: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(group) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(group, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(group);
    };
  }
}

/** The groups without what only channels call, as functions that need no `this`. */
export function groupsFacade(groups: ProcessGroups): ProcessGroupsApi {
  return {
    join: (group, ref) => groups.join(group, ref),
    leave: (group, ref) => groups.leave(group, ref),
    members: (group) => groups.members(group),
    localMembers: (group) => groups.localMembers(group),
    members$: (group) => groups.members$(group),
    which: () => groups.which(),
    call: (group, message, options) => groups.call(group, message, options),
    castAll: (group, message) => groups.castAll(group, message),
    callAll: (group, message, options) => groups.callAll(group, message, options),
  };
}

const CALL_OPTIONS = ['pick', 'timeout', 'signal'] satisfies (keyof GroupCallOptions)[];

/** Whether this member has not handled the message, and another one might. */
function isOfMember(thrown: unknown): boolean {
  if (thrown instanceof CallAbortedError || thrown instanceof NotSerializableError) return false;
  return thrown instanceof NoexError && thrown.mayHaveBeenHandled === false;
}

function refOf({ processId, life }: GroupMember): ProcessRef {
  return Object.freeze({ id: processId, life });
}

/** A process that has joined twice is there twice. */
function refsOf<Ref extends ProcessRef>(members: readonly GroupMember[]): readonly Ref[] {
  // A group does not determine the kind of its members: the caller states it by the type parameter.
  return members.flatMap((member) => new Array<Ref>(member.joins).fill(refOf(member) as Ref));
}

function keyOf({ processId, life }: GroupMember): string {
  return `${life}/${processId}`;
}
