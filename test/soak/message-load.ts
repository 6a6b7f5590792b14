import { eventually } from '../helpers/eventually.js';
import type { MessageReport, PeerReport } from '../helpers/fault-answers.js';
import type { FaultNode } from '../helpers/forked-node.js';

/** Between two rounds, in each of which a node sends each other one a cast and a call, ms. */
const ROUND_MS = 50;

const NOTHING_YET: PeerReport = { replies: 0, openMonitors: 0, notices: {}, failures: {} };

/** What the messages of all nodes have come to. */
export interface MessageCounts {
  readonly sent: number;
  readonly handled: number;
  readonly replies: number;
  /** Messages of which noex said that they were not handled. */
  readonly notHandled: number;
}

/** Calls, casts and monitors between all nodes, all the time. */
export class MessageLoad {
  /** All that noex said was not handled: each is unique in the soak. */
  readonly #notHandled = new Set<string>();
  /** Handled since the last check but one: what noex says of a message comes soon after it was handled. */
  #before = new Set<string>();
  readonly #last = new Map<FaultNode, Pick<MessageReport, 'sent' | 'replies'>>();
  /** The lives of the nodes that are sent to. */
  readonly #lives = new Map<FaultNode, string>();
  readonly #roundMs: number;
  #handled = 0;

  constructor(roundMs = ROUND_MS) {
    this.#roundMs = roundMs;
  }

  get counts(): MessageCounts {
    const reports = [...this.#last.values()];
    const sent = reports.reduce((sum, report) => sum + report.sent, 0);
    const replies = reports.reduce((sum, report) => sum + report.replies, 0);
    return { sent, handled: this.#handled, replies, notHandled: this.#notHandled.size };
  }

  /** Each node sends to all others from now on; a node that was restarted has a new process to send to. */
  async sendToAll(nodes: readonly FaultNode[]): Promise<void> {
    const targets = await Promise.all(nodes.map((node) => node.ask('target')));
    for (const [at, node] of nodes.entries()) this.#lives.set(node, targets[at]?.life ?? '');
    await Promise.all(nodes.map((node, at) => node.ask('sendTo', targets.toSpliced(at, 1), this.#roundMs)));
  }

  /** What the messages of one node to each of others have come to. */
  async between(node: FaultNode, others: readonly FaultNode[]): Promise<readonly PeerReport[]> {
    const peers = await node.ask('peers');
    return others.map((other) => peers[this.#lives.get(other) ?? ''] ?? NOTHING_YET);
  }

  /** Resolves when each of these nodes has got that many more replies of each other, with how long that took, ms. */
  async replied(nodes: readonly FaultNode[], count: number, boundMs: number): Promise<number> {
    const ask = () => Promise.all(nodes.map((node) => this.between(node, nodes)));
    const before = await ask();
    return eventually(boundMs, async () => {
      const now = await ask();
      for (const [from, node] of nodes.entries()) {
        for (const [to, other] of nodes.entries()) {
          const more = (now[from]?.[to]?.replies ?? 0) - (before[from]?.[to]?.replies ?? 0);
          if (node !== other && more < count) return `${node.name} has got ${more} replies of ${other.name}`;
        }
      }
      return undefined;
    });
  }

  /** Rejects with what is wrong with the messages since the last check. */
  async check(nodes: readonly FaultNode[]): Promise<void> {
    const reports = await Promise.all(nodes.map((node) => node.ask('takeMessages')));
    const handled = new Set(reports.flatMap((report) => report.handled));
    this.#handled += handled.size;
    const problems: string[] = [];
    for (const [at, report] of reports.entries()) {
      const node = nodes[at] as FaultNode;
      this.#last.set(node, { sent: report.sent, replies: report.replies });
      problems.push(...report.problems.map((problem) => `${node.name}: ${problem}`));
      if (report.overdue > 0) problems.push(`${node.name}: ${report.overdue} calls are open past their time-out`);
      for (const message of report.notHandled) this.#notHandled.add(message);
    }
    for (const message of [...handled, ...this.#before])
      if (this.#notHandled.has(message)) problems.push(`${message} was handled after all`);
    this.#before = handled;
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  /** Ends it, and then the processes that were sent to. Rejects when calls or monitors are left open. */
  async stop(nodes: readonly FaultNode[], boundMs: number): Promise<void> {
    await Promise.all(nodes.map((node) => node.ask('stopSending')));
    await settled(nodes, boundMs, ({ openCalls }) => openCalls > 0);
    await Promise.all(nodes.map((node) => node.ask('endTarget')));
    await settled(nodes, boundMs, ({ openCalls, openMonitors }) => openCalls > 0 || openMonitors > 0);
    await this.check(nodes);
  }
}

async function settled(
  nodes: readonly FaultNode[],
  boundMs: number,
  isOpen: (report: MessageReport) => boolean,
): Promise<void> {
  await eventually(boundMs, async () => {
    const reports = await Promise.all(nodes.map((node) => node.ask('messages')));
    const open = reports.find(isOpen);
    return open && `${open.openCalls} calls and ${open.openMonitors} monitors are open`;
  });
}
