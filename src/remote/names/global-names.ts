import {
  AlreadyRegisteredError,
  GlobalNameTimeoutError,
  InvalidArgumentError,
  NotRegisteredError,
  QuorumLostError,
  ServerNotRunningError,
} from '../../errors.js';
import type { ProcessRef } from '../../process/process-refs.js';
import { Alarm } from '../alarm.js';
import type { Claim, ClaimHolder, Stamp } from './claim.js';
import { MAX_NODE_NAMES } from './claim-copies.js';
import type { ClaimEffect, ClaimItem } from './claim-protocol.js';
import { ClaimTable } from './claim-table.js';
import { Confirmations } from './confirmations.js';
import type { ClaimMode, GlobalNamesPorts, OnConflict } from './global-names-ports.js';
import type { NameOwner } from './name-owners.js';
import { NameReports } from './name-reports.js';
import { isShown, type OwnName } from './own-name.js';

/** The interval at which other nodes are asked to compare their copies with the claims of this node, ms. */
const COMPARE_INTERVAL_MS = 10_000;

/** Claims global names for processes of this node, and knows the owner of each name in the cluster. */
export class GlobalNames {
  readonly #ports: GlobalNamesPorts;
  readonly #claims: ClaimTable;
  readonly #own = new Map<string, OwnName>();
  readonly #listeners = new Set<(names: ReadonlySet<string>) => void>();
  readonly #confirmations: Confirmations;
  readonly #reports: NameReports;
  /** Rings when the first reservation ends. */
  readonly #reservesAlarm: Alarm;
  #peers = 0;
  #cancelCompare: (() => void) | undefined;

  constructor(ports: GlobalNamesPorts) {
    this.#ports = ports;
    this.#reports = new NameReports(ports);
    this.#claims = new ClaimTable(ports.life, undefined, (name) => this.#confirmations.isEnough(name));
    this.#confirmations = new Confirmations({ ...ports, onExpired: (names) => this.#endOwners(names) });
    this.#reservesAlarm = new Alarm(ports, () => this.#expireReserves(ports.now()));
    ports.quorum.onChange((hasQuorum) => {
      if (!hasQuorum) this.#endAll();
      else if (!ports.quorum.isRequired) this.#expireReserves(Number.POSITIVE_INFINITY);
    });
  }

  /**
   * Claims a name for a process of this node. Resolves when all connected nodes have accepted the claim, and enough
   * nodes confirm it. The caller must also call {@link GlobalNames.watch}: without it, the name outlives its process.
   * Rejects with AlreadyRegisteredError, GlobalNameTimeoutError, NoQuorumError, ServerNotRunningError if the process
   * ends first, or InvalidArgumentError if this node has {@link MAX_NODE_NAMES} names. `child`: {@link Claim.child}.
   */
  claim(name: string, processId: string, onConflict: ClaimMode, child?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkFree(name);
      if (this.#own.size >= MAX_NODE_NAMES)
        throw new InvalidArgumentError('name', `one of at most ${MAX_NODE_NAMES} global names of this node`, name);
      this.#confirmations.claiming(name);
      const timeoutMs = this.#ports.claimTimeoutMs();
      const { claim, effects } = this.#claims.claim(name, processId, this.#ports.wallClock(), child);
      const cancelTimer = this.#ports.after(timeoutMs, () => {
        const awaited = this.#claims.awaitedFor(name);
        const error =
          awaited.length > 0 ? new GlobalNameTimeoutError(name, timeoutMs, awaited) : this.#confirmations.missing(name);
        this.#end(name, claim.stamp, error);
      });
      const settle = { resolve, reject, cancelTimer };
      this.#own.set(name, { processId, stamp: claim.stamp, onConflict, unwatch: undefined, settle });
      this.#apply(effects);
    });
  }

  /** Claims a name for a running process, and watches it. Resolves and rejects as {@link GlobalNames.claim} does. */
  async register(name: string, processId: string, onConflict: OnConflict): Promise<void> {
    this.#checkFree(name);
    if (!this.#ports.local.has(processId)) throw new ServerNotRunningError(processId);
    const claimed = this.claim(name, processId, onConflict);
    this.watch(name, processId);
    await claimed;
  }

  /** Checks that this process has the name. @throws AlreadyRegisteredError, or NotRegisteredError if it is free */
  checkOwner(name: string, processId: string): void {
    if (this.#own.get(name)?.processId === processId) return;
    this.#checkFree(name);
    throw new NotRegisteredError(name);
  }

  /** Frees a name when the process that claimed it ends, or at once if that process does not run. */
  watch(name: string, processId: string): void {
    const own = this.#own.get(name);
    if (own?.processId !== processId) return;
    const end = (): void => this.#end(name, own.stamp, new ServerNotRunningError(processId));
    const unwatch = this.#ports.local.watch(processId, end);
    if (unwatch === undefined) {
      end();
      return;
    }
    own.unwatch = unwatch;
    if (isShown(own)) this.#reports.registered(name, processId);
  }

  /** Frees a name that a process of this node owns. A registration that still waits for answers is not affected. */
  release(name: string): void {
    const own = this.#own.get(name);
    if (own !== undefined && own.settle === undefined) this.#end(name, own.stamp, new NotRegisteredError(name));
  }

  owner(name: string): ClaimHolder | undefined {
    return this.#claims.owner(name);
  }

  whereis(name: string): ProcessRef | undefined {
    const owner = this.#claims.owner(name);
    return owner && Object.freeze({ id: owner.processId, life: owner.life });
  }

  names(): readonly string[] {
    return this.#claims.names();
  }

  /** The owners of a name, the one with the winning claim first. After a partition there may be several. */
  owners(name: string): readonly NameOwner[] {
    return this.#claims.owners(name);
  }

  /** Calls `listener` with the names whose owners may have changed. Returns a function that removes the listener. */
  onChange(listener: (names: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  up(nodeId: string, life: string): void {
    this.#peers += 1;
    this.#apply(this.#claims.up(nodeId, life));
    this.#cancelCompare ??= this.#ports.after(COMPARE_INTERVAL_MS, this.#compare);
  }

  down(nodeId: string, life: string): void {
    this.#peers -= 1;
    const { now, quorum } = this.#ports;
    const reserveMs = quorum.reserveMsFor(nodeId);
    this.#confirmations.lost(life);
    this.#apply(this.#claims.down(nodeId, reserveMs === 0 ? undefined : now() + reserveMs));
    this.#reservesAlarm.set(this.#claims.reserved.nextEnd);
    if (this.#peers > 0) return;
    this.#cancelCompare?.();
    this.#cancelCompare = undefined;
  }

  receive(nodeId: string, item: ClaimItem): void {
    this.#apply(this.#claims.receive(nodeId, item));
  }

  /** Ends the reservations for a node. The node must have sent all its claims over a new channel. */
  synchronized(nodeId: string): void {
    this.#apply(this.#claims.synchronized(nodeId));
  }

  /** The names of a node's claims that this node does not confirm. */
  withheldFrom(nodeId: string): readonly string[] {
    return this.#claims.withheldFrom(nodeId);
  }

  /** Records that a life confirms the claims that this node sent before its ping of time `at`, except `withheld`. */
  confirmed(life: string, at: number, withheld: readonly string[]): void {
    this.#confirmations.confirmed(life, at, withheld);
    this.#apply(this.#claims.confirmed());
  }

  readonly #compare = (): void => {
    this.#cancelCompare = this.#ports.after(COMPARE_INTERVAL_MS, this.#compare);
    this.#apply(this.#claims.compare());
  };

  /** Ends all owners and all waiting registrations of this node, because it has lost the quorum. */
  #endAll(): void {
    const names = [...this.#own];
    for (const [name, { settle, stamp }] of names)
      if (settle !== undefined) this.#end(name, stamp, this.#confirmations.missing(name));
    this.#endOwners(names.flatMap(([name, { settle }]) => (settle === undefined ? [name] : [])));
  }

  /**
   * Releases these names, and kills their owners unless their mode is `release`. Reports a QuorumLostError if too few
   * nodes confirm a name. When this node leaves its cluster, enough nodes still confirm all names: nothing is reported.
   */
  #endOwners(names: readonly string[]): void {
    const { local, onError, quorum } = this.#ports;
    let nodesSeen = Number.POSITIVE_INFINITY;
    for (const name of names) {
      const own = this.#own.get(name);
      if (own === undefined) continue;
      const error = this.#confirmations.missing(name);
      nodesSeen = Math.min(nodesSeen, error.nodesSeen);
      own.unwatch?.();
      if (own.onConflict !== 'release') local.kill(own.processId);
      this.#end(name, own.stamp, error);
    }
    if (nodesSeen < quorum.minNodes) onError(new QuorumLostError(names, nodesSeen, quorum.minNodes));
  }

  #expireReserves(now: number): void {
    this.#apply(this.#claims.expire(now));
    this.#reservesAlarm.set(this.#claims.reserved.nextEnd);
  }

  /** @throws AlreadyRegisteredError */
  #checkFree(name: string): void {
    const claimant = this.#claims.claimant(name);
    if (claimant !== undefined) throw takenBy(name, claimant);
  }

  /** Releases the claim with this stamp, if it still exists. A registration that waits for it rejects with `error`. */
  #end(name: string, stamp: Stamp, error: Error): void {
    const own = this.#own.get(name);
    if (own?.stamp !== stamp) return;
    this.#forget(name, own, error);
    this.#apply(this.#claims.release(name, stamp));
  }

  #forget(name: string, own: OwnName, error: Error): void {
    this.#own.delete(name);
    this.#confirmations.released(name);
    if (isShown(own)) this.#reports.unregistered(name, own.processId);
    own.unwatch?.();
    own.settle?.cancelTimer();
    own.settle?.reject(error);
  }

  #apply(effects: readonly ClaimEffect[]): void {
    // Created on first use: most claims of other nodes change no owner.
    let changed: Set<string> | undefined;
    for (const effect of effects) {
      if (effect.type === 'changed') changed = (changed ?? new Set()).add(effect.name);
      else this.#carryOut(effect);
    }
    if (changed !== undefined) for (const listener of [...this.#listeners]) listener(changed);
  }

  #carryOut(effect: ClaimEffect): void {
    switch (effect.type) {
      case 'send':
        this.#ports.send(effect.item, effect.to);
        break;
      case 'held': {
        const own = this.#ownOf(effect.claim);
        own?.settle?.cancelTimer();
        own?.settle?.resolve();
        if (own === undefined) break;
        own.settle = undefined;
        this.#confirmations.held(effect.claim.name);
        if (isShown(own)) this.#reports.registered(effect.claim.name, own.processId);
        break;
      }
      case 'refused': {
        const { claim, holder } = effect;
        const own = this.#ownOf(claim);
        if (own !== undefined) this.#forget(claim.name, own, takenBy(claim.name, holder));
        break;
      }
      case 'lost':
        this.#lose(effect.claim, effect.holder);
        break;
      case 'won':
        this.#reports.conflict(effect.claim, 'kept', effect.loser);
        break;
      case 'differed':
        this.#ports.onError(
          new Error(`the copies of the global names of node ${effect.nodeId} were wrong and are replaced`),
        );
    }
  }

  #lose(claim: Claim, holder: ClaimHolder): void {
    const own = this.#ownOf(claim);
    if (own === undefined) return;
    const { name, processId } = claim;
    this.#forget(name, own, takenBy(name, holder));
    const { onConflict } = own;
    this.#reports.conflict(claim, onConflict === 'kill' ? 'killed' : 'notified', holder);
    const { local } = this.#ports;
    if (onConflict === 'kill') local.kill(processId);
    else if (onConflict === 'notify') {
      const winner = Object.freeze({ id: holder.processId, life: holder.life });
      local.send('info', processId, Object.freeze({ type: 'global_name_conflict', name, winner }));
    }
  }

  #ownOf({ name, stamp }: Claim): OwnName | undefined {
    const own = this.#own.get(name);
    return own?.stamp === stamp ? own : undefined;
  }
}

function takenBy(name: string, holder: ClaimHolder | undefined): AlreadyRegisteredError {
  return new AlreadyRegisteredError(name, holder?.processId ?? '?', { nodeId: holder?.nodeId });
}
