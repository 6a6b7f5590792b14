import type { Observable } from 'rxjs';
import type { UnstampedEvent } from '../../../streams/events.js';
import {
  asError,
  CallAbortedError,
  ForeignRefError,
  InvalidArgumentError,
  NoexError,
  NoGroupMembersError,
  NotSerializableError,
  ServerNotRunningError,
} from '../../errors.js';
import type { CallOptions } from '../../process/gen-server-types.js';
import type { LocalProcesses } from '../../process/local-processes.js';
import type { ProcessRef } from '../../process/process-refs.js';
import { checkKnown, checkRef, checkShortText } from '../../validate.js';
import { currentValue } from '../value-observable.js';
import { type GroupMember, GroupMembers, MAX_JOINS, type MemberItem } from './group-members.js';
import { areSameRefs, keyOf, refOf, refsOf } from './member-refs.js';
import { inPickOrder, PICKS, type PickPolicy } from './pick-member.js';

export interface GroupCallOptions extends CallOptions {
  /**
   * Which member is tried first. `local_first`, the default: the members of this node take turns, or all members if
   * this node has none. `round_robin`: all members take turns. `random`: a random member. `least_queue`: the member
   * with the fewest unanswered group calls of this node.
   */
  readonly pick?: PickPolicy | undefined;
}

/** The results of a call to all members of a group, in the order in which the calls were settled. */
export interface GroupReplies<Reply> {
  readonly replies: readonly { readonly ref: ProcessRef; readonly reply: Reply }[];
  readonly failures: readonly { readonly ref: ProcessRef; readonly error: Error }[];
}

/**
 * Groups of processes that every node can find by name, like `pg` of Erlang/OTP. A group exists while it has members.
 */
export interface ProcessGroupsApi {
  /**
   * Makes a process of this runtime a member, until it leaves or ends. A process may join up to 1000 times, and must
   * leave equally often.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  join(group: string, ref: ProcessRef): void;
  /** Undoes one `join`. Returns whether the process was a member. @throws ForeignRefError, InvalidArgumentError */
  leave(group: string, ref: ProcessRef): boolean;
  /** The members on all connected nodes, those of this node first. A process that has joined twice is listed twice. */
  members<Ref extends ProcessRef = ProcessRef>(group: string): readonly Ref[];
  /** The members that run in this runtime. */
  localMembers<Ref extends ProcessRef = ProcessRef>(group: string): readonly Ref[];
  /** Emits the members on subscription, and again after each change. */
  members$<Ref extends ProcessRef = ProcessRef>(group: string): Observable<readonly Ref[]>;
  /** The names of all groups that have members. */
  which(): readonly string[];
  /**
   * Calls one member. If the call fails and was certainly not handled, the other members are tried, each once. An
   * aborted call, or a message that cannot be sent to another node, ends the attempts.
   *
   * Rejects with NoGroupMembersError, InvalidArgumentError or UnknownOptionError, or as `GenServer.call` does.
   *
   * @example
   * const quote = await ProcessGroups.call<number>('pricing', { article: 17 }, { pick: 'least_queue' });
   */
  call<Reply = unknown>(group: string, message: unknown, options?: GroupCallOptions): Promise<Reply>;
  /**
   * Casts a message once to each member, except those that it cannot be sent to. Returns how many members it was sent
   * to.
   *
   * @throws NotSerializableError if the message cannot be sent to another node; some members may have received it
   */
  castAll(group: string, message: unknown): number;
  /**
   * Calls each member once, all at the same time. Resolves with replies and failures when all calls are settled. A
   * member that fails does not reject the call. Without members, both lists are empty.
   */
  callAll<Reply = unknown>(group: string, message: unknown, options?: CallOptions): Promise<GroupReplies<Reply>>;
}

export interface GroupPorts {
  readonly life: string;
  readonly local: LocalProcesses;
  /** Sends an item to the node `to`, or without `to` to all nodes with a channel. */
  send(item: MemberItem, to?: string): void;
  emit(event: UnstampedEvent): void;
  call(ref: ProcessRef, message: unknown, options: CallOptions): Promise<unknown>;
  cast(ref: ProcessRef, message: unknown): void;
  /**
   * Returns the id of a running process of this runtime.
   *
   * @throws ServerNotRunningError, ForeignRefError, InvalidArgumentError
   */
  running(ref: ProcessRef): string;
  /** A random number from 0 to below 1. */
  random(): number;
}

/** Implements `ProcessGroups` for one node: synchronizes the groups with other nodes and sends messages to members. */
export class ProcessGroups implements ProcessGroupsApi {
  readonly #ports: GroupPorts;
  readonly #members: GroupMembers;
  /** For each local member, by process id, a function that stops watching it. */
  readonly #watches = new Map<string, () => void>();
  readonly #listeners = new Map<string, Set<() => void>>();
  /** The number of calls from this node to each group that has members. */
  readonly #turns = new Map<string, number>();
  /** The number of unanswered group calls from this node, by process. */
  readonly #unanswered = new Map<string, number>();

  constructor(ports: GroupPorts) {
    this.#ports = ports;
    this.#members = new GroupMembers(ports.life);
  }

  join(group: string, ref: ProcessRef): void {
    checkShortText('group', group);
    const id = this.#ports.running(ref);
    const joins = this.#members.joins(group, id);
    if (joins === MAX_JOINS) {
      throw new InvalidArgumentError('group', `one that the process has joined less than ${MAX_JOINS} times`, group);
    }
    if (!this.#watches.has(id)) {
      const unwatch = this.#ports.local.watch(id, () => this.#ended(id));
      if (unwatch === undefined) throw new ServerNotRunningError(id);
      this.#watches.set(id, unwatch);
    }
    this.#set(group, id, joins + 1);
  }

  leave(group: string, ref: ProcessRef): boolean {
    checkShortText('group', group);
    checkRef(ref);
    if (ref.life !== this.#ports.life) throw new ForeignRefError(ref.id, ref.life, 'local');
    const joins = this.#members.joins(group, ref.id);
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
    return currentValue<readonly Ref[]>({
      read: () => this.members<Ref>(group),
      onChange: (listener) => this.#onChange(group, listener),
      isEqual: areSameRefs,
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
        // An error that the message itself causes is thrown to the sender. A member that has ended or is overloaded is
        // skipped.
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
    const wasMember = this.#members.joins(group, id) > 0;
    this.#ports.send(this.#members.set(group, id, joins));
    const isMember = joins > 0;
    if (isMember !== wasMember) this.#ports.emit({ type: isMember ? 'group_joined' : 'group_left', group, id });
    this.#changed(group);
  }

  #changed(group: string): void {
    if (!this.#members.has(group)) this.#turns.delete(group);
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

/** Returns only the public methods, as functions that need no `this`. */
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

/**
 * Whether a call or cast failed because of this member and was certainly not handled, so that other members may be
 * tried.
 */
function isOfMember(thrown: unknown): boolean {
  if (thrown instanceof CallAbortedError || thrown instanceof NotSerializableError) return false;
  return thrown instanceof NoexError && thrown.mayHaveBeenHandled === false;
}
