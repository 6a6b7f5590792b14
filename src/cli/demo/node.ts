/** One node of the demo: `node.js <name> <port> [seed]`. Ends on a signal, or when the demo process has ended. */

import { Cluster, GlobalRegistry } from '../../distribution.js';
import { Registry, Supervisor } from '../../index.js';
import { untilInterrupted } from '../interruption.js';
import { openShop } from './shop.js';

const [nodeName = '', port = '', ...seeds] = process.argv.slice(2);
await Cluster.start({ nodeName, port: Number(port), seeds });
const shop = await openShop(nodeName);
// An example of a global name: the process that does a task for the whole cluster could own such a name.
if (nodeName === 'nodeA') await GlobalRegistry.register('daily-report', Registry.lookup('customers'));
process.send?.('ready');
await untilInterrupted();
await Cluster.stop();
await Supervisor.stop(shop);
if (process.connected) process.disconnect();
