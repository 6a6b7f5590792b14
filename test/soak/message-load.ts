import { eventually } from '../helpers/eventually.js';
import type { FaultNode } from '../helpers/forked-node.js';

/** Between two rounds, in each of which a node sends each other one a cast and a call, ms. */
const ROUND_MS = 50;

/** What the messages of all nodes have come to. */
export interface MessageCounts {
  readonly handled: number;
  readonly replies: number;
  /** Messages of which noex said that they were not handled. */
  readonly notHandled: number;
}

/** Calls, casts and monitors between all nodes of a soak, all the time. */
export class MessageLoad {
  /** All that noex said was not handled: each is unique in the soak. */
  readonly #notHandled = new Set<string>();
  /** Handled since the last check but one: what noex says of a message comes soon after it was handled. */
  #before = new Set<string>();
  readonly #replies = new Map<FaultNode, number>();
  #handled = 0;

  get counts(): MessageCounts {
    const replies = [...this.#replies.values()].reduce((sum, each) => sum + each, 0);
    return { handled: this.#handled, replies, notHandled: this.#notHandled.size };
  }

  /** Each node sends to all others from now on; a node that was restarted has a new process to send to. */
  async sendToAll(nodes: readonly FaultNode[]): Promise<void> {
    const targets = await Promise.all(nodes.map((node) => node.ask('target')));
    await Promise.all(nodes.map((node, at) => node.ask('sendTo', targets.toSpliced(at, 1), ROUND_MS)));
  }

  /** Rejects with what is wrong with the messages since the last check. */
  async check(nodes: readonly FaultNode[]): Promise<void> {
    const reports = await Promise.all(nodes.map((node) => node.ask('takeMessages')));
    const handled = new Set(reports.flatMap((report) => report.handled));
    this.#handled += handled.size;
    const problems: string[] = [];
    for (const [at, report] of reports.entries()) {
      const node = nodes[at] as FaultNode;
      this.#replies.set(node, report.replies);
      problems.push(...report.problems.map((problem) => `${node.name}: ${problem}`));
      if (report.overdue > 0) problems.push(`${node.name}: ${report.overdue} calls are open past their time-out`);
      for (const message of report.notHandled) this.#notHandled.add(message);
    }
    for (const message of [...handled, ...this.#before])
      if (this.#notHandled.has(message)) problems.push(`${message} was handled after all`);
    this.#before = handled;
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  /** Ends it. Rejects when calls or monitors are left open. */
  async stop(nodes: readonly FaultNode[], boundMs: number): Promise<void> {
    await Promise.all(nodes.map((node) => node.ask('stopSending')));
    await Promise.all(nodes.map((node) => node.ask('endTarget')));
    await eventually(boundMs, async () => {
      const reports = await Promise.all(nodes.map((node) => node.ask('messages')));
      const open = reports.find(({ openCalls, openMonitors }) => openCalls > 0 || openMonitors > 0);
      return open && `${open.openCalls} calls and ${open.openMonitors} monitors are open`;
    });
    await this.check(nodes);
  }
}
