import { Cluster, GenServer, type GenServerBehavior, Supervisor } from 'noex';

const counter: GenServerBehavior<number, 'get', 'increment', number> = {
  init: () => 0,
  handleCall: (_get, count) => [count, count],
  handleCast: (_increment, count) => count + 1,
};

/** A node with something to see. Resolves with what stops it. */
export async function startNode(): Promise<() => Promise<void>> {
  await Cluster.start({ nodeName: 'shop', port: 0 });
  const workers = await Supervisor.start({
    name: 'workers',
    children: ['cart', 'orders', 'mail'].map((name) => ({ id: name, start: () => GenServer.start(counter, { name }) })),
  });
  return async () => {
    await Cluster.stop();
    await Supervisor.stop(workers);
  };
}
