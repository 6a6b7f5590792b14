import { GenServer, type GenServerBehavior, type GenServerRef, Registry, Supervisor, type SupervisorRef } from 'noex';

type CounterRef = GenServerRef<number, 'get', 'increment', number>;

const counter: GenServerBehavior<number, 'get', 'increment', number> = {
  init: () => 0,
  handleCall: (_get, count) => [count, count],
  handleCast: (_increment, count) => count + 1,
};

/** A supervisor with three counters. */
export function startWorkers(): Promise<SupervisorRef> {
  const names = ['worker-1', 'worker-2', 'worker-3'];
  return Supervisor.start({
    name: 'workers',
    children: names.map((name) => ({ id: name, start: () => GenServer.start(counter, { name }) })),
  });
}

/** Ten messages for each worker: nine casts, and a call that comes back when they are handled. */
export async function sendTenMessagesEach(workers: SupervisorRef): Promise<void> {
  for (const { id } of Supervisor.getChildren(workers)) {
    const worker = Registry.lookup<CounterRef>(id);
    for (let i = 0; i < 9; i += 1) GenServer.cast(worker, 'increment');
    await GenServer.call(worker, 'get');
  }
}
