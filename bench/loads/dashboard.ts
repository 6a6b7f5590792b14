import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { median } from '../measure.js';
import { startDashboard } from '../noex.js';
import { RealNodes } from '../real-nodes.js';
import { atMost, type Row } from '../row.js';
import { usage } from '../usage.js';

const EACH = 3334;
const ROUNDS = 5;
const ROUND_MS = 2000;
/** Until what was begun is compiled, and the page has its first view, ms. */
const WARM_UP_MS = 4000;

/** The CPU of the node that serves the dashboard, one of three, while a browser receives the changes once a second. */
export async function* run(): AsyncGenerator<Row> {
  const nodes = await RealNodes.start(EACH, [EACH, EACH]);
  const dashboard = await startDashboard({ port: 0, source: nodes.observer });
  for (const share of [0.01, 0.1, 1]) {
    const each = Math.ceil(EACH * share);
    const work = setInterval(() => void nodes.touch(each), 1000);
    await delay(WARM_UP_MS);
    const closed = await usage(ROUNDS, ROUND_MS);
    const browser = new Browser(dashboard.port);
    await delay(WARM_UP_MS);
    browser.lengths.length = 0;
    const open = await usage(ROUNDS, ROUND_MS);
    const bytes = median(browser.lengths);
    yield {
      what: `of one core, ${100 * share} % of the processes busy`,
      unit: 'share',
      noex: open,
      limit: { name: 'no viewer', samples: closed },
      targets: [atMost(0.1, median(open), '10 %')],
      bytes,
      note: `${(browser.lengths.length / ((ROUNDS * ROUND_MS) / 1000)).toFixed(1)} messages/s`,
    };
    await browser.close();
    clearInterval(work);
  }
  await dashboard.close();
  await nodes.stop();
}

/** Reads everything it receives. */
class Browser {
  readonly lengths: number[] = [];
  readonly #webSocket: WebSocket;

  constructor(port: number) {
    this.#webSocket = new WebSocket(`ws://127.0.0.1:${port}/feed`);
    this.#webSocket.on('message', (data: Buffer) => this.lengths.push(data.length));
  }

  async close(): Promise<void> {
    const closed = once(this.#webSocket, 'close');
    this.#webSocket.close();
    await closed;
  }
}
