import type { Row } from './row.js';

/** One measurement in a Node.js process of its own: none inherits the compiled code or the heap of another. */
interface Load {
  readonly name: string;
  readonly title: string;
  import(): Promise<{ run(): AsyncIterable<Row> }>;
}

/** In the order of the table. */
export const loads: readonly Load[] = [
  { name: 'cast', title: 'casts', import: () => import('./loads/cast.js') },
  { name: 'call', title: 'calls', import: () => import('./loads/call.js') },
  { name: 'context', title: 'with an AsyncLocalStorage store', import: () => import('./loads/context.js') },
  { name: 'concurrent', title: 'calls at once', import: () => import('./loads/concurrent.js') },
  { name: 'start-stop', title: 'coming and going', import: () => import('./loads/start-stop.js') },
  { name: 'restarts', title: 'restarts', import: () => import('./loads/restarts.js') },
  {
    name: 'observed',
    title: 'lost by being observed, 10,000 processes',
    import: () => import('./loads/observed.js'),
  },
  { name: 'hold', title: 'longest hold of the event loop', import: () => import('./loads/hold.js') },
  { name: 'flood', title: 'memory held in a flood', import: () => import('./loads/flood.js') },
  { name: 'snapshot', title: 'getSnapshot() of one node', import: () => import('./loads/snapshot.js') },
  {
    name: 'derived',
    title: 'made of a snapshot of 10,000, 1 % changed',
    import: () => import('./loads/derived.js'),
  },
  { name: 'links', title: 'messages between two nodes', import: () => import('./loads/links.js') },
  { name: 'remote', title: 'messages between processes of two real nodes', import: () => import('./loads/remote.js') },
  { name: 'names', title: 'global names, nodes in one process', import: () => import('./loads/names.js') },
  { name: 'cluster', title: '3 real nodes x 10,000 processes', import: () => import('./loads/cluster.js') },
  {
    name: 'dashboard',
    title: 'web dashboard of 3 real nodes, 10,000 processes',
    import: () => import('./loads/dashboard.js'),
  },
  { name: 'scale', title: 'cost by size', import: () => import('./loads/scale.js') },
  { name: 'merging', title: 'reading many nodes', import: () => import('./loads/merging.js') },
  { name: 'nodes', title: '100 nodes x 1,000 processes, in one process', import: () => import('./loads/nodes.js') },
];
