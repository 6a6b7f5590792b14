import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from './node-process.js';

const PROGRAM = fileURLToPath(new URL('five-nodes-program.mjs', import.meta.url));

/** Names of the nodes. `front` serves the dashboard; the test kills one and stops one; the last two fail by themselves. */
export const NAMES = ['front', 'killed', 'stopped', 'crashing', 'blocking'] as const;

export type Name = (typeof NAMES)[number];

/** The processes of a node on which nothing fails: a supervisor and two workers. */
export const PROCESSES = 3;
/** The process that crashes again and again, on `crashing`, and its error. */
export const CRASHES = { name: 'gateway', error: 'RangeError: the bank refused order 1042' } as const;
/** The process that blocks the event loop, on `blocking`, for how long, and the type of the message. */
export const BLOCKS = { name: 'reports', ms: 400, messageType: 'build_report' } as const;

interface StartedNode {
  readonly child: ChildProcess;
  readonly id: string;
  /** The address of the dashboard it serves. */
  readonly url: string;
}

/** A real cluster of five nodes, each in its own Node.js process, with the default failure detection. */
export class FiveNodes {
  readonly #nodes: ReadonlyMap<Name, StartedNode>;

  /** Resolves when all nodes run. They connect to each other meanwhile. */
  static async start(): Promise<FiveNodes> {
    const started = new Map<Name, StartedNode>();
    const nodes = new FiveNodes(started);
    try {
      const front = await startNode('front', ['--dashboard', String(await freePort())]);
      started.set('front', front);
      // One after the other: together they would need the processors for longer than their failure detectors allow.
      for (const name of NAMES.slice(1)) started.set(name, await startNode(name, ['--seed', front.id]));
      return nodes;
    } catch (error) {
      await nodes.stop();
      throw error;
    }
  }

  private constructor(nodes: ReadonlyMap<Name, StartedNode>) {
    this.#nodes = nodes;
  }

  /** The address of the dashboard. */
  get url(): string {
    return this.#node('front').url;
  }

  idOf(name: Name): string {
    return this.#node(name).id;
  }

  signal(name: Name, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#node(name).child.kill(signal);
  }

  /** Kills all nodes, also stopped ones. */
  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map(({ child }) => kill(child)));
  }

  #node(name: Name): StartedNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`${name} did not start`);
    return node;
  }
}

async function startNode(name: Name, args: readonly string[]): Promise<StartedNode> {
  const child = fork(PROGRAM, ['--name', name, '--port', String(await freePort()), ...args]);
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${name} ended with ${signal ?? `exit code ${code}`}`);
  });
  ended.catch(() => undefined); // after the start, the test ends the node
  const [{ id, url }] = await Promise.race([once(child, 'message'), ended]);
  return { child, id, url };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
