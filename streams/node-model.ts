import { ChangeLog } from './change-log.js';
import type {
  ChildRestarted,
  ChildStarted,
  MessagesHandled,
  ProcessExited,
  ProcessSpawned,
  RuntimeEvent,
} from './events.js';
import { Table, type TableEdit } from './immutable-table.js';
import { latencyWindowOf } from './latency.js';
import { withSamples } from './latency-window.js';
import { type RegistrationChange, registrationsAfter, VersionedRegistrations } from './registrations.js';
import { countsAfter, OPTIONAL_COUNTS, type ServerCounts } from './server-counts.js';
import type { GenServerStats, ServerStatus, SupervisorStats } from './snapshot.js';
import {
  type Now,
  ServerRow,
  type SupervisorFields,
  SupervisorRow,
  withActivity,
  withFields,
} from './snapshot-rows.js';
import { emptyTotals, type TotalCountName, type Totals, TotalsDraft, type TotalsSubject } from './totals.js';

/** The state of all processes of one node. Immutable. Successive versions share the parts that did not change. */
export interface NodeModel {
  /** The version number. Each event that changes the model increases the version by one. */
  readonly version: number;
  /** The `total` of this table is the number of messages handled. */
  readonly servers: Table<GenServerStats>;
  /** The `total` of this table is the number of restarts. */
  readonly supervisors: Table<SupervisorStats>;
  /** What all processes have done, including ended processes. Absent: the node does not report totals. */
  readonly totals?: Totals;
  /** Counts of all processes. Present if there are more processes than rows. */
  readonly truncated?: ModelSums;
  /** Records in which version each row changed. */
  readonly log: ChangeLog;
  /** Reads the monotonic clock of the node, for `uptimeMs` and `latency` of the rows. */
  readonly now: Now;
}

/** Counts over all processes of a node, including processes without a row. */
export interface ModelSums {
  readonly servers: number;
  readonly supervisors: number;
  /** Messages handled by the processes alive now. */
  readonly messages: number;
  /** Restarts by the supervisors alive now. */
  readonly restarts: number;
}

export function sumsOf({ truncated, servers, supervisors }: Omit<NodeModel, 'now' | 'log' | 'version'>): ModelSums {
  return (
    truncated ?? {
      servers: servers.size,
      supervisors: supervisors.size,
      messages: servers.total,
      restarts: supervisors.total,
    }
  );
}

/** The model of a node without processes. */
export function emptyModel(now: Now): NodeModel {
  const servers = new Table<GenServerStats>(({ messageCount }) => messageCount);
  const supervisors = new Table<SupervisorStats>(({ totalRestarts }) => totalRestarts);
  return { version: 0, servers, supervisors, totals: emptyTotals, log: ChangeLog.from(0), now };
}

/**
 * Returns the model after one more event. Never throws: an event that does not fit the model (an unknown process, a
 * second start, an exit after the exit) changes nothing. For several events, {@link evolveAll} is cheaper.
 */
export function evolve(model: NodeModel, event: RuntimeEvent): NodeModel {
  return evolveAll(model, [event]);
}

/**
 * Returns the model after several events, in order. The rows and totals are those of `events.reduce(evolve, model)`,
 * but `evolveAll` copies the model once, and not once for each event.
 */
export function evolveAll(model: NodeModel, events: readonly RuntimeEvent[]): NodeModel {
  const draft = new ModelDraft(model);
  for (const event of events) draft.apply(event);
  return draft.done();
}

/** Applies events to a copy of a model. The original stays unchanged. */
export class ModelDraft {
  readonly #from: NodeModel;
  readonly #servers: TableEdit<GenServerStats>;
  readonly #supervisors: TableEdit<SupervisorStats>;
  readonly #totals: TotalsDraft;
  #version: number;

  constructor(model: NodeModel) {
    this.#from = model;
    this.#servers = model.servers.edit();
    this.#supervisors = model.supervisors.edit();
    this.#totals = new TotalsDraft(model.totals ?? emptyTotals);
    this.#version = model.version;
  }

  /** Returns the resulting model. The draft must not be used afterwards. */
  done(): NodeModel {
    if (this.#version === this.#from.version) return this.#from;
    const version = this.#version;
    const servers = this.#servers.done();
    const supervisors = this.#supervisors.done();
    const changed = [...this.#supervisors.changed, ...this.#servers.changed];
    const log = this.#from.log.append(version, changed, servers.size + supervisors.size);
    return { version, servers, supervisors, totals: this.#totals.done(), log, now: this.#from.now };
  }

  apply(event: RuntimeEvent): void {
    if (this.#change(event)) this.#version += 1;
  }

  /** Applies an event. As the methods below do, returns whether the event changed the model. */
  #change(event: RuntimeEvent): boolean {
    switch (event.type) {
      case 'process_spawned':
        return this.#spawned(event);
      case 'process_started':
        return this.#started(event.id);
      case 'process_stopping':
        return this.#setStatus(event.id, 'stopping');
      case 'messages_handled':
        return this.#handled(event);
      case 'loop_blocked':
        return this.#blocked(event.id);
      case 'child_started':
        return this.#childStarted(event);
      case 'child_restarted':
        return this.#restarted(event);
      case 'process_exited':
        return this.#exited(event);
      case 'process_crashed':
        return this.#counted('crashed', this.#find(event.id));
      case 'name_registered':
        return this.#find(event.id)?.name === undefined && this.#setName(event.id, event.name);
      case 'name_unregistered':
        return this.#find(event.id)?.name === event.name && this.#setName(event.id, undefined);
      case 'global_name_registered':
      case 'global_name_unregistered':
      case 'group_joined':
      case 'group_left':
        return this.#registered(event.id, event);
      default:
        // Events that change no model, such as traced messages, and event types of newer versions of noex.
        return false;
    }
  }

  #spawned(event: ProcessSpawned): boolean {
    const { id, kind, label, strategy, hosted, at: startedAt, monotonic: startedMonotonic } = event;
    if (this.#find(id) !== undefined) return false;
    const { now } = this.#from;
    const distributedSupervisor = hosted?.supervisor ?? event.distributedSupervisor;
    if (kind === 'supervisor') {
      const start = { id, label, distributedSupervisor, startedAt, startedMonotonic };
      const fields = { ...start, strategy: strategy ?? 'one_for_one', childCount: 0, totalRestarts: 0 };
      this.#supervisors.set(new SupervisorRow(fields, now));
    } else {
      const start = {
        id,
        label,
        childId: hosted?.childId,
        distributedSupervisor,
        status: 'starting',
        queueSize: 0,
        messageCount: 0,
        startedAt,
        startedMonotonic,
      } as const;
      const fields = { ...start, ...INITIAL_COUNTS, ...(hosted !== undefined && { restarts: hosted.restarts }) };
      this.#servers.set(new ServerRow(fields, now));
    }
    return true;
  }

  #handled(event: MessagesHandled): boolean {
    const { id, calls, casts, infos, queueSize, samples = [] } = event;
    const row = this.#servers.get(id);
    if (row === undefined) return false;
    const messageCount = row.messageCount + calls + casts + infos;
    const isSame = messageCount === row.messageCount && queueSize === row.queueSize;
    const counts = countsAfter(row, event);
    if (isSame && samples.length === 0 && counts === undefined) return false;
    this.#totals.handled(event, row, this.#version + 1);
    const before = latencyWindowOf(row);
    const version = this.#version + 1;
    const latencyWindow =
      samples.length === 0 ? before : withSamples(before, samples, { monotonic: event.monotonic, version });
    this.#servers.set(withActivity(row, { messageCount, queueSize, latencyWindow }, counts, this.#from.now));
    return true;
  }

  #blocked(id: string): boolean {
    const row = this.#servers.get(id);
    if (row === undefined) return false;
    this.#servers.set(withFields(row, { loopBlocks: (row.loopBlocks ?? 0) + 1 }, this.#from.now));
    return true;
  }

  #restarted({ supervisorId, newId, attempt }: ChildRestarted): boolean {
    const restart = ({ totalRestarts }: SupervisorStats) => ({ totalRestarts: totalRestarts + 1 });
    if (!this.#changeSupervisor(supervisorId, restart)) return false;
    this.#counted('restarted', this.#find(newId) ?? {});
    const row = this.#servers.get(newId);
    if (row !== undefined) this.#servers.set(withFields(row, { restarts: attempt }, this.#from.now));
    return true;
  }

  #childStarted({ id, supervisorId, childId }: ChildStarted): boolean {
    const child = this.#find(id);
    if (child === undefined || child.parentId !== undefined || id === supervisorId) return false;
    if (!this.#changeSupervisor(supervisorId, ({ childCount }) => ({ childCount: childCount + 1 }))) return false;
    return this.#changeRow(id, { parentId: supervisorId, childId });
  }

  #exited({ id, name, unhandled }: ProcessExited): boolean {
    const row = this.#find(id);
    if (row === undefined) return false;
    // The name was unregistered before this event and is gone from the row, so the name in the event is used.
    const subject = name === undefined ? row : { name };
    this.#counted('exited', subject);
    if (unhandled > 0) this.#counted('unhandled', subject, unhandled);
    this.#servers.delete(id);
    this.#supervisors.delete(id);
    if (row.parentId !== undefined) {
      this.#changeSupervisor(row.parentId, ({ childCount }) => ({ childCount: childCount - 1 }));
    }
    return true;
  }

  #started(id: string): boolean {
    const row = this.#find(id);
    // The first `process_started` of a GenServer changes its status. The row of a supervisor has no status to compare.
    const isFirst = this.#setStatus(id, 'running') || this.#supervisors.get(id) !== undefined;
    return isFirst && this.#counted('started', row);
  }

  /** Adds `amount` to one count of the totals. Returns false, and counts nothing, for an unknown process. */
  #counted(name: TotalCountName, subject: TotalsSubject | undefined, amount = 1): boolean {
    if (subject === undefined) return false;
    this.#totals.count(name, subject, this.#version + 1, amount);
    return true;
  }

  #setStatus(id: string, status: ServerStatus): boolean {
    const row = this.#servers.get(id);
    // A status only advances (starting -> running -> stopping), whatever the order of the events.
    if (row === undefined || ORDER[status] <= ORDER[row.status]) return false;
    this.#servers.set(withFields(row, { status }, this.#from.now));
    return true;
  }

  #setName(id: string, name: string | undefined): boolean {
    return this.#changeRow(id, { name });
  }

  #registered(id: string, change: RegistrationChange): boolean {
    const row = this.#find(id);
    const after = row && registrationsAfter(row.registrations, change);
    if (after === undefined) return false;
    return this.#changeRow(id, { registrations: new VersionedRegistrations(after, this.#version + 1) });
  }

  #find(id: string): GenServerStats | SupervisorStats | undefined {
    return this.#servers.get(id) ?? this.#supervisors.get(id);
  }

  #changeRow(id: string, changes: RowChanges): boolean {
    const server = this.#servers.get(id);
    if (server === undefined) return this.#changeSupervisor(id, () => changes);
    this.#servers.set(withFields(server, changes, this.#from.now));
    return true;
  }

  #changeSupervisor(id: string, change: (row: SupervisorStats) => Partial<SupervisorFields>): boolean {
    const row = this.#supervisors.get(id);
    if (row === undefined) return false;
    this.#supervisors.set(new SupervisorRow({ ...row, ...change(row) }, this.#from.now));
    return true;
  }
}

/** The changes that both kinds of rows may have. */
type RowChanges = Pick<Partial<SupervisorFields>, 'parentId' | 'childId' | 'name' | 'registrations'>;

const INITIAL_COUNTS: ServerCounts = Object.fromEntries(OPTIONAL_COUNTS.map((name) => [name, 0]));

const ORDER: Readonly<Record<ServerStatus, number>> = { starting: 0, running: 1, stopping: 2 };
