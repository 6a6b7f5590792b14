import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import type { Runtime } from '../../src/runtime/runtime-options.js';
import { threeNodes } from './observed-cluster.js';

/** Workers that are started by name on any node, and a record of what they do. */
export class HostedWorkers {
  /** For each worker: the nodes on which it runs now. */
  readonly #running = new Map<string, string[]>();
  /** What happened, such as `+a@nodeB` and `-a@nodeB`. */
  readonly log: string[] = [];
  /** The most processes that one worker ever had at the same time. */
  mostAtOnce = 0;
  /** Workers whose `init` fails. */
  readonly failing = new Set<string>();

  /** Registers the behavior `worker` on a node. Its argument is the name of the worker. */
  register({ BehaviorRegistry }: Pick<Runtime, 'BehaviorRegistry'>, node: string): void {
    BehaviorRegistry.register('worker', (worker: string) => this.#behavior(worker, node));
  }

  /** The nodes on which a worker runs now. */
  nodesOf(worker: string): readonly string[] {
    return [...(this.#running.get(worker) ?? [])];
  }

  /** Forgets what ran on a node that was killed. */
  forget(node: string): void {
    for (const nodes of this.#running.values()) nodes.splice(0, nodes.length, ...nodes.filter((each) => each !== node));
  }

  /** Where each worker runs, such as `{ a: 'nodeB' }`; several nodes are joined by `+`. */
  get places(): Readonly<Record<string, string>> {
    const running = [...this.#running].filter(([, nodes]) => nodes.length > 0);
    return Object.fromEntries(running.map(([worker, nodes]) => [worker, [...nodes].sort().join('+')]).sort());
  }

  #behavior(worker: string, node: string): GenServerBehavior<null, 'where' | 'boom', 'boom', string> {
    let isCounted = false;
    const end = (): void => {
      if (!isCounted) return;
      isCounted = false;
      this.log.push(`-${worker}@${node}`);
      const nodes = this.#running.get(worker) ?? [];
      if (nodes.includes(node)) nodes.splice(nodes.indexOf(node), 1);
    };
    return {
      init: (_self, { signal }) => {
        if (this.failing.has(worker)) throw new Error(`${worker} cannot start`);
        isCounted = true;
        this.log.push(`+${worker}@${node}`);
        const nodes = [...(this.#running.get(worker) ?? []), node];
        this.#running.set(worker, nodes);
        this.mostAtOnce = Math.max(this.mostAtOnce, nodes.length);
        signal.addEventListener('abort', end);
        return null;
      },
      handleCall(message) {
        if (message === 'boom') throw new Error('boom');
        return [node, null];
      },
      handleCast() {
        throw new Error('boom');
      },
    };
  }
}

/** A spec of a worker. */
export function workerSpec<Options extends object>(worker: string, options?: Options) {
  return { id: worker, behavior: 'worker', args: worker, ...options };
}

/** A cluster of three nodes that are called A, B and C by their workers. */
export async function threeHosts() {
  const [cluster, a, b, c] = await threeNodes();
  const workers = new HostedWorkers();
  for (const [node, name] of [
    [a, 'A'],
    [b, 'B'],
    [c, 'C'],
  ] as const) {
    workers.register(node, name);
  }
  return { cluster, a, b, c, workers };
}
