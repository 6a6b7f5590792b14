import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../helpers/eventually.js';
import { FAKE_SERVERS, FakeServer } from '../helpers/fake-servers.js';
import type { FaultLab } from '../helpers/fault-lab.js';
import type { FaultNode } from '../helpers/forked-node.js';
import type { Fault } from '../helpers/tcp-proxy.js';
import type { FaultKind, Injection } from './schedule.js';

/** A cluster that things can be done to. */
export interface Target {
  readonly lab: FaultLab;
  readonly names: readonly string[];
  node(name: string): FaultNode;
  /** Resolves when all but this one, which is gone, agree; at once, when it is not the only one that comes and goes. */
  agreeWithout(name: string): Promise<void>;
  /** Restarts a node that has ended. */
  restart(name: string): Promise<void>;
  /** Another node that says it is the one of this name. */
  twin(name: string): Promise<FaultNode>;
}

type Effect = (target: Target, injection: Injection) => Promise<void>;

const HOUR_MS = 3_600_000;
/** A node that is asked to end has to be gone after this time, ms. */
const LEAVE_MS = 10_000;
/** Of each of the three workers of a node, in one turn of the event loop. */
const BURST = 10_000;
const PROCESSES = 20;

/** Each makes its fault happen, and resolves when it is over. */
export const EFFECTS: Readonly<Record<FaultKind, Effect>> = {
  kill: (target, { node, ms }) => killed(target, node, () => sleep(ms)),

  async leave(target, { node, ms }) {
    const leaving = target.node(node);
    leaving.signal('SIGTERM');
    let end: number | string | undefined;
    leaving.ended.then((code) => {
      end = code;
    });
    await eventually(LEAVE_MS, async () => (end === undefined ? `${node} does not end` : undefined));
    if (end !== 0) throw new Error(`${node} was asked to end, and ended with ${end}`);
    await Promise.all([sleep(ms), target.agreeWithout(node)]);
    await target.restart(node);
  },

  stranger: (target, { node, ms, pick }) =>
    killed(target, node, async () => {
      const { listen, port } = await target.lab.network.place(node);
      const create = FAKE_SERVERS[Math.floor(pick * FAKE_SERVERS.length)] as (typeof FAKE_SERVERS)[number];
      const stranger = await FakeServer.listen(create(), listen, port);
      await sleep(ms);
      await stranger.close();
    }),

  stop: stopped,
  hang: stopped,

  block: (target, { node, ms }) => target.node(node).ask('block', ms),

  async clock(target, { node, ms, pick }) {
    await target.node(node).ask('setClock', pick < 0.5 ? HOUR_MS : -HOUR_MS);
    await sleep(ms);
    await target.node(node).ask('setClock', 0);
  },

  async twin(target, { node, ms }) {
    const twin = await target.twin(node);
    await sleep(ms);
    await twin.kill();
  },

  crash: (target, { node, pick }) => target.node(node).ask('crash', pick < 0.5 ? 'one' : 'two'),

  async churn(target, { node, ms }) {
    await target.node(node).ask('startWorkers', PROCESSES);
    await sleep(ms);
    for (let at = 0; at < PROCESSES; at += 1) await target.node(node).ask('stopWorker', `more${at}`);
  },

  burst: (target, { node }) => target.node(node).ask('cast', BURST),

  async reset(target, { node }) {
    target.lab.network.reset(node);
  },

  half_open: (target, { node, ms }) => {
    const others = target.names.filter((name) => name !== node);
    return between(target, [node], others, { kind: 'swallow' }, ms);
  },

  async one_way({ lab }, { node, others: [other = ''], ms }) {
    lab.network.set(node, other, { kind: 'hold' });
    await sleep(ms);
    lab.network.set(node, other, undefined);
  },

  partition: (target, { others, ms }) => {
    const rest = target.names.filter((name) => !others.includes(name));
    return between(target, rest, others, { kind: 'hold' }, ms);
  },

  slow: onLink({ kind: 'slow', bytesPerSecond: 50_000 }),
  delay: onLink({ kind: 'delay', ms: 300 }),
  cut: onLink({ kind: 'cut' }),
  drop: onLink({ kind: 'drop' }),
  duplicate: onLink({ kind: 'duplicate' }),
  reorder: onLink({ kind: 'reorder' }),
};

async function killed(target: Target, name: string, meanwhile: () => Promise<void>): Promise<void> {
  await target.node(name).kill();
  await Promise.all([meanwhile(), target.agreeWithout(name)]);
  await target.restart(name);
}

async function stopped(target: Target, { node, ms }: Injection): Promise<void> {
  const hanging = target.node(node);
  hanging.signal('SIGSTOP');
  await sleep(ms);
  hanging.signal('SIGCONT');
}

function onLink(fault: Fault): Effect {
  return (target, { node, others, ms }) => between(target, [node], others, fault, ms);
}

async function between(
  { lab }: Target,
  some: readonly string[],
  others: readonly string[],
  fault: Fault,
  ms: number,
): Promise<void> {
  const ways = some.flatMap((one) => others.map((other) => [one, other] as const));
  for (const [one, other] of ways) lab.network.setBoth(one, other, fault);
  await sleep(ms);
  for (const [one, other] of ways) lab.network.setBoth(one, other, undefined);
}
