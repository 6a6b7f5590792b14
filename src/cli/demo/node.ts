/** One node of the demo: `node.js <name> <port> [seed]`. Ends on a signal, or when the demo process has ended. */

import { Cluster } from '../../distribution.js';
import { Supervisor } from '../../index.js';
import { untilInterrupted } from '../interruption.js';
import { openShop } from './shop.js';

const [nodeName = '', port = '', ...seeds] = process.argv.slice(2);
await Cluster.start({ nodeName, port: Number(port), seeds });
const shop = await openShop(nodeName);
process.send?.('ready');
await untilInterrupted();
await Cluster.stop();
await Supervisor.stop(shop);
if (process.connected) process.disconnect();
