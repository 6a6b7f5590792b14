import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../../helpers/node-process.js';
import type { Answer, Ask, NodeSummaries } from '../fixture/talk.js';

const PROGRAM = join(import.meta.dirname, '..', 'fixture', 'node.ts');

interface NodeOptions {
  readonly name: string;
  readonly port: number;
  readonly seed?: string;
  /** Processes that only exist. */
  readonly idle?: number;
  /** Does something all the time. */
  readonly isBusy?: boolean;
  /** Serves the dashboard on this port. */
  readonly dashboard?: number;
}

/** A node in a process of its own. */
export class FixtureNode {
  readonly id: string;
  /** Of the dashboard it serves. */
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, id: string, url: string) {
    this.#child = child;
    this.id = id;
    this.url = url;
  }

  static async start({ name, port, seed, idle = 0, isBusy = false, dashboard }: NodeOptions): Promise<FixtureNode> {
    const args = ['--import', 'tsx', PROGRAM, '--name', name, '--port', String(port), '--idle', String(idle)];
    if (seed !== undefined) args.push('--seed', seed);
    if (isBusy) args.push('--busy');
    if (dashboard !== undefined) args.push('--dashboard', String(dashboard));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${code}`);
    });
    const answer = await Promise.race([nextAnswer(child), ended]);
    ended.catch(() => undefined);
    if (answer.type !== 'ready') throw new Error(`${name} is not ready`);
    return new FixtureNode(child, answer.nodeId, answer.url ?? '');
  }

  send(name: string, message: 'work' | 'crash' | 'block'): void {
    this.#ask({ type: 'send', name, message });
  }

  /** What ClusterObserver.getClusterSnapshot() says there. */
  async snapshot(): Promise<NodeSummaries> {
    const answer = nextAnswer(this.#child);
    this.#ask({ type: 'snapshot' });
    const summaries = await answer;
    if (summaries.type !== 'snapshot') throw new Error('that is no snapshot');
    return summaries;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #ask(ask: Ask): void {
    this.#child.send(ask);
  }
}

async function nextAnswer(child: ChildProcess): Promise<Answer> {
  const [answer] = await once(child, 'message');
  return answer;
}

/** Three nodes; the first one serves the dashboard. */
export interface Trio {
  readonly url: string;
  readonly nodes: readonly [FixtureNode, FixtureNode, FixtureNode];
  /** The first node once more, on the same ports, after it was killed. */
  restartFirst(): Promise<FixtureNode>;
  stop(): Promise<void>;
}

export async function startTrio(load: Pick<NodeOptions, 'idle' | 'isBusy'> = {}): Promise<Trio> {
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const dashboard = await freePort();
  const first = { name: 'nodeA', port: ports[0], dashboard, ...load };
  const a = await FixtureNode.start(first);
  const [b, c] = await Promise.all([
    FixtureNode.start({ name: 'nodeB', port: ports[1], seed: a.id, ...load }),
    FixtureNode.start({ name: 'nodeC', port: ports[2], seed: a.id, ...load }),
  ]);
  const started = [a, b, c];
  return {
    url: a.url,
    nodes: [a, b, c],
    restartFirst: async () => {
      const again = await FixtureNode.start({ ...first, seed: b.id });
      started.push(again);
      return again;
    },
    stop: async () => {
      await Promise.all(started.map((node) => node.kill()));
    },
  };
}
