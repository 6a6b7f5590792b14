import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import { eventually } from './eventually.js';
import type { Answers } from './fault-answers.js';
import type { ChildEvent } from './fault-distribution.js';

const PROGRAM = fileURLToPath(new URL('fault-node.mjs', import.meta.url));

/** An event of a node, with its time in ms since the epoch. */
export interface NodeEvent {
  readonly type: 'up' | 'down';
  readonly id: string;
  readonly reason?: string;
  readonly at: number;
}

export interface LifeOptions {
  /** The address of its machine. */
  readonly dialFrom?: string | undefined;
  /** By how much the clock of its machine is wrong, ms. */
  readonly aheadMs?: number;
  /** Runs the shop of the demo besides its workers. */
  readonly hasShop?: boolean;
  /** Does not look at the others. */
  readonly isQuiet?: boolean;
  /** How large its heap may get, MiB. */
  readonly maxHeapMiB?: number;
  /** What its command line begins with. */
  readonly prefix?: readonly string[];
}

/** The events of a node about another one: `up`, `down heartbeat_timeout` ... */
export function eventsAbout(node: FaultNode, of: FaultNode): readonly string[] {
  return node.events
    .filter(({ id }) => id === of.id)
    .map(({ type, reason }) => (reason === undefined ? type : `${type} ${reason}`));
}

/** A node, or an observer from outside, in a Node.js process of its own. */
export class FaultNode {
  readonly name: string;
  readonly id: string;
  readonly isOutside: boolean;
  /** All its events so far. They outlive it. */
  readonly events: NodeEvent[];
  /** What happened to children of distributed supervisors on this node, so far. */
  readonly childEvents: readonly ChildEvent[];
  /** Resolves with the exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #talk: Talk;
  /** What was open before there was a runtime. */
  readonly #before: readonly string[];

  static async start(name: string, config: ClusterConfig, life: LifeOptions = {}): Promise<FaultNode> {
    const lastWorker = `${name}-${Math.random().toString(36).slice(2, 8)}`;
    const args = [lastWorker, ...(life.hasShop ? ['--shop', name] : [])];
    const born = await Born.fork(args, life);
    try {
      await born.talk.ask('setClock', life.aheadMs ?? 0);
      const id = await born.talk.ask('start', config);
      if (!life.isQuiet) await born.talk.ask('watch', undefined);
      return new FaultNode(name, id, false, born);
    } catch (error) {
      born.child.kill('SIGKILL');
      throw error;
    }
  }

  static async attach(
    name: string,
    addresses: readonly string[],
    observerSecret: ClusterConfig['observerSecret'],
    dialFrom: string,
  ): Promise<FaultNode> {
    const born = await Born.fork(['--outside'], { dialFrom });
    const id = await born.talk.ask('attach', { addresses, observerSecret });
    await born.talk.ask('watch', undefined);
    return new FaultNode(name, id, true, born);
  }

  private constructor(
    name: string,
    id: string,
    isOutside: boolean,
    { child, talk, events, childEvents, before }: Born,
  ) {
    this.name = name;
    this.id = id;
    this.isOutside = isOutside;
    this.events = events;
    this.childEvents = childEvents;
    this.#child = child;
    this.#talk = talk;
    this.#before = before;
    this.ended = talk.ended;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  ask<Method extends keyof Answers>(
    method: Method,
    ...[argument]: Parameters<Answers[Method]>
  ): Promise<ReturnType<Answers[Method]>> {
    return this.#talk.ask(method, argument);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Stops it politely, and says what it left open: nothing, if all is well. */
  async stop(): Promise<readonly string[]> {
    await this.ask('probe', false);
    await eventually(5000, async () =>
      (await this.ask('open')).length === 0 ? undefined : 'a promise is left hanging',
    );
    await this.ask('shutdown');
    let left: readonly string[] = [];
    await eventually(3000, async () => {
      left = without(await this.ask('resources'), this.#before);
      return left.length === 0 ? undefined : 'something is left open';
    }).catch(() => undefined);
    this.#child.disconnect();
    const timer = setTimeout(() => this.signal('SIGKILL'), 5000);
    const code = await this.ended;
    clearTimeout(timer);
    return code === 0 ? left : [...left, `it ended with ${code}`];
  }
}

/** A Node process that is there, and has done nothing yet. */
class Born {
  readonly child: ChildProcess;
  readonly talk: Talk;
  readonly events: NodeEvent[] = [];
  readonly childEvents: ChildEvent[] = [];
  readonly before: readonly string[];

  static async fork(args: readonly string[], life: LifeOptions): Promise<Born> {
    const { dialFrom, maxHeapMiB, prefix = [] } = life;
    const all = [...args, ...(dialFrom === undefined ? [] : ['--dial-from', dialFrom])];
    const heap = maxHeapMiB === undefined ? [] : [`--max-old-space-size=${maxHeapMiB}`];
    const [execPath = '', ...execArgv] = [...prefix, process.execPath, '--expose-gc', '--no-warnings', ...heap];
    const child = fork(PROGRAM, all, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execPath, execArgv });
    const [{ ready }] = (await once(child, 'message')) as [{ ready: readonly string[] }];
    return new Born(child, ready);
  }

  private constructor(child: ChildProcess, before: readonly string[]) {
    this.child = child;
    this.before = before;
    this.talk = new Talk(child, this.events, this.childEvents);
  }
}

interface Message {
  readonly id?: number;
  readonly value?: never;
  readonly error?: string;
  readonly event?: NodeEvent;
  readonly childEvent?: ChildEvent;
}

/** Questions to a child process. */
class Talk {
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #asked = 0;

  constructor(child: ChildProcess, events: NodeEvent[], childEvents: ChildEvent[]) {
    this.#child = child;
    child.on('message', (message: Message) => {
      if (message.event !== undefined) events.push(message.event);
      if (message.childEvent !== undefined) childEvents.push(message.childEvent);
      if (message.id === undefined) return;
      const question = this.#open.get(message.id);
      this.#open.delete(message.id);
      if (message.error === undefined) question?.resolve(message.value as never);
      else question?.reject(new Error(message.error));
    });
    this.ended = once(child, 'exit').then(([code, signal]) => {
      for (const { reject } of this.#open.values()) reject(new Error('the node has ended'));
      this.#open.clear();
      return (code ?? signal) as number | string;
    });
  }

  ask<Method extends keyof Answers>(method: Method, argument: unknown): Promise<ReturnType<Answers[Method]>> {
    return new Promise((resolve, reject) => {
      this.#asked += 1;
      const id = this.#asked;
      this.#open.set(id, { resolve, reject });
      this.#child.send({ id, method, argument }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}

function without(all: readonly string[], some: readonly string[]): readonly string[] {
  const left = [...all];
  for (const each of some) {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}
