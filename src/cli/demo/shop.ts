import { type ChildSpec, GenServer, ProcessGroups, Supervisor, type SupervisorRef } from '../../index.js';
import { blocking, crashing, customers, fast, type Server, slow, visit, visitStarter } from './demo-behaviors.js';

/** The requests that customers send to each server, per second, at peak load. */
const DEMAND = {
  search: 90,
  prices: 140,
  stock: 60,
  carts: 40,
  checkout: 22,
  invoices: 6,
  gateway: 19,
  ledger: 19,
  'fraud-check': 19,
};

/**
 * Starts a simulated web shop with three levels of supervisors. Some servers are slow, one crashes at random, and one
 * blocks the event loop at intervals. The servers of each department, on all nodes, are the members of a process group.
 * Resolves to the supervisor at the top.
 */
export function openShop(nodeName: string): Promise<SupervisorRef> {
  return Supervisor.start({
    name: 'shop',
    children: [
      department('catalog', { search: fast(), prices: fast(), stock: fast() }),
      department('orders', {
        carts: fast(),
        checkout: slow(12, 40),
        invoices: blocking(nodeName === 'nodeC' ? 80 : 20),
      }),
      department('payments', {
        gateway: slow(30, 90),
        ledger: fast(),
        'fraud-check': crashing(nodeName === 'nodeB' ? 30_000 : 150_000),
      }),
      { id: 'visits', start: () => visits(nodeName === 'nodeA' ? 12 : 6) },
      { id: 'customers', start: () => GenServer.start(customers(DEMAND), { name: 'customers' }) },
    ],
  });
}

function department(name: string, servers: Readonly<Record<string, Server>>): ChildSpec {
  const children = Object.entries(servers).map(([id, server]) => ({
    id,
    async start() {
      const ref = await GenServer.start(server, { name: id });
      ProcessGroups.join(name, ref);
      return ref;
    },
  }));
  return { id: name, start: () => Supervisor.start({ name, children }) };
}

function visits(most: number): Promise<SupervisorRef> {
  return Supervisor.start({
    name: 'visits',
    strategy: 'rest_for_one',
    children: [
      {
        id: 'visitors',
        start: () =>
          Supervisor.start({
            name: 'visitors',
            strategy: 'simple_one_for_one',
            childTemplate: { restart: 'temporary', start: (stayMs: number) => GenServer.start(visit(stayMs)) },
          }),
      },
      { id: 'door', start: () => GenServer.start(visitStarter(most), { name: 'door' }) },
    ],
  });
}
