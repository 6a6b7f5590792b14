import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type DashboardHandler, type DashboardHandlerOptions, dashboardHandler } from '../../../src/dashboard.js';
import { ToldSource } from '../../helpers/cluster-source.js';

/** A dashboard at /ops of a server of its own, which shows what a test gives to its source. */
export class ServedDashboard {
  readonly source: ToldSource;
  readonly url: string;
  readonly #server: Server;
  readonly #dashboard: DashboardHandler;

  private constructor(source: ToldSource, url: string, server: Server, dashboard: DashboardHandler) {
    this.source = source;
    this.url = url;
    this.#server = server;
    this.#dashboard = dashboard;
  }

  static async start(port: number, options: DashboardHandlerOptions = {}): Promise<ServedDashboard> {
    const source = new ToldSource();
    const dashboard = dashboardHandler({ path: '/ops', ...options, source });
    const server = createServer().on('request', dashboard.handler).on('upgrade', dashboard.upgrade);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new ServedDashboard(source, `http://127.0.0.1:${port}/ops/`, server, dashboard);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#dashboard.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
