import {
  type DistributedSupervisorOptions,
  readDistributedOptions,
} from '../../src/distributed-supervisor/distributed-options.js';
import { Leader } from '../../src/distributed-supervisor/leader.js';
import type { LeaderEffect } from '../../src/distributed-supervisor/leader-effects.js';
import { sentSpec } from '../../src/distributed-supervisor/sent-spec.js';
import {
  type FailureCause,
  LOCAL_NODE,
  type SentChild,
  type SentChildSpec,
} from '../../src/distributed-supervisor/supervision-protocol.js';
import { BehaviorNotRegisteredError } from '../../src/errors.js';
import type { DownReason } from '../../src/process/gen-server-types.js';

type OtherEffect = Exclude<LeaderEffect, { readonly type: 'send' | 'wake' | 'changed' | 'added' | 'counted' }>;

/** A leader on node A, and nodes that do at once what it asks for. */
export class LedChildren {
  readonly leader: Leader;
  now = 0;
  /** How much time passes with each reading of the clock, ms. */
  readingMs = 0;
  /** What the nodes did, such as `+x@A` and `-x@A`; `!x@B`: a start that failed. */
  readonly log: string[] = [];
  /** The other effects of the leader. */
  readonly effects: OtherEffect[] = [];
  /** Why starts fail, by child and node, such as `x@B`. */
  readonly failures = new Map<string, FailureCause>();
  /** Nodes that do not answer. */
  readonly silent = new Set<string>();
  /** Lives that have ended for good. */
  readonly ended = new Set<string>();
  wakeAt: number | undefined;
  readonly #running = new Map<string, { readonly childId: string; readonly node: string }>();
  #last = 100;

  constructor(options: DistributedSupervisorOptions) {
    this.leader = new Leader({
      settings: readDistributedOptions(options),
      supervisorId: 'p1',
      life: 'A1',
      candidate: (node) => ({
        id: node === LOCAL_NODE ? 'A' : node,
        isLocal: node === LOCAL_NODE,
        roles: [],
        metadata: {},
        processCount: 0,
        countedAt: 0,
      }),
      random: () => 0,
      now: () => {
        this.now += this.readingMs;
        return this.now;
      },
      hasEnded: (life) => this.ended.has(life),
      reserveMs: () => 0,
    });
  }

  /** Starts the children of the options, on node A and these ones. */
  static start(options: DistributedSupervisorOptions, nodes: readonly string[] = []): LedChildren {
    const led = new LedChildren(options);
    led.leader.begin(sentSpec, true);
    for (const node of nodes) led.up(node);
    led.obey('A');
    return led;
  }

  /** Continues with the children of an earlier leader. */
  static takeOver(
    options: DistributedSupervisorOptions,
    children: Readonly<Record<string, Partial<SentChild>>>,
    ages: readonly number[] = [],
  ): LedChildren {
    const led = new LedChildren(options);
    const copies = Object.entries(children).map(([id, child]): [string, SentChild] => [
      id,
      {
        spec: sentSpec({ id, behavior: 'worker' }),
        location: null,
        lastNode: null,
        isWanted: true,
        restarts: 0,
        ...child,
      },
    ]);
    led.leader.takeOver(new Map(copies), ages, sentSpec);
    return led;
  }

  /** Where each child runs, such as `{ x: 'A' }`. */
  get places(): Readonly<Record<string, string>> {
    return Object.fromEntries(Array.from(this.#running.values(), ({ childId, node }) => [childId, node]).sort());
  }

  up(node: string, life = `${node}1`): void {
    this.leader.nodeUp(node, life);
    if (!this.silent.has(node)) this.obey(node);
  }

  /** A node begins to obey, and reports these children, by their process ids. */
  obey(node: string, hosted: Readonly<Record<string, string>> = {}): void {
    const from = node === 'A' ? LOCAL_NODE : node;
    for (const [processId, childId] of Object.entries(hosted)) {
      this.#running.set(processId, { childId, node });
      const spec: SentChildSpec = sentSpec({ id: childId, behavior: 'worker' });
      this.leader.receive(from, { type: 'hosted', childId, processId, spec });
    }
    this.leader.receive(from, { type: 'obeying' });
    this.act();
  }

  /** Loses a node, with all its processes. */
  down(node: string): void {
    for (const [id, process] of this.#running) if (process.node === node) this.#running.delete(id);
    this.leader.nodeDown(node);
    this.act();
  }

  /** Ends the process of a child. */
  exit(childId: string, reason: DownReason = { error: new Error('boom') }, isHandedOver = false): void {
    for (const [processId, { childId: id, node }] of this.#running) {
      if (id !== childId) continue;
      this.#running.delete(processId);
      this.log.push(`-${childId}@${node}`);
      const from = node === 'A' ? LOCAL_NODE : node;
      this.leader.receive(from, { type: 'exited', processId, reason, isHandedOver });
    }
    this.act();
  }

  advance(ms: number): void {
    this.now += ms;
    if (this.wakeAt !== undefined && this.wakeAt <= this.now) this.act();
  }

  act(): void {
    for (;;) {
      const effects = this.leader.reconcile();
      this.wakeAt = undefined;
      for (const effect of effects) this.#carryOut(effect);
      if (!effects.some(({ type }) => type === 'send')) return;
    }
  }

  #carryOut(effect: LeaderEffect): void {
    if (effect.type === 'wake') this.wakeAt = effect.at;
    else if (effect.type === 'send') {
      const { message } = effect;
      const node = effect.node === LOCAL_NODE ? 'A' : effect.node;
      if (this.silent.has(node)) return;
      if (message.type === 'place') this.#place(effect.node, node, message.placement, message.childId);
      else if (message.type === 'stop') this.#stop(effect.node, message.processId);
    } else if (effect.type !== 'changed' && effect.type !== 'added' && effect.type !== 'counted') {
      this.effects.push(effect);
    }
  }

  #place(from: string, node: string, placement: number, childId: string): void {
    const cause = this.failures.get(`${childId}@${node}`);
    if (cause !== undefined) {
      const error = cause === 'unusable' ? new BehaviorNotRegisteredError('worker') : new Error('it cannot start');
      this.log.push(`!${childId}@${node}`);
      this.leader.receive(from, { type: 'failed', placement, error, cause });
      return;
    }
    this.#last += 1;
    const processId = `p${this.#last}`;
    this.#running.set(processId, { childId, node });
    this.log.push(`+${childId}@${node}`);
    this.leader.receive(from, { type: 'placed', placement, processId });
  }

  #stop(from: string, processId: string): void {
    const process = this.#running.get(processId);
    if (process === undefined) return;
    this.#running.delete(processId);
    this.log.push(`-${process.childId}@${process.node}`);
    this.leader.receive(from, { type: 'exited', processId, reason: 'shutdown', isHandedOver: true });
  }
}
