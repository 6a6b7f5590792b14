// The processes of a fault node that send to those of others all the time, and note what is wrong with what they see.

const CALL_TIMEOUT_MS = 2000;
/** Between two rounds, in each of which every other node gets a cast and a call. */
const ROUND_MS = 5;

/** @param life sets its messages apart from those of the same node before it was restarted */
export async function createMessages({ GenServer }, life) {
  /** By sender: the number of its last message that was handled here. */
  const last = new Map();
  const handled = new Set();
  const notHandled = new Set();
  const problems = [];
  const open = new Map();
  const downs = new Map();
  /** By the life of the other node. */
  const peers = new Map();
  let sent = 0;
  let longestCallMs = 0;
  let targets = [];
  /** Monitors that had their notice by the last report that was taken. */
  let notified = [];
  let rounds;

  const problem = (text) => void (problems.length < 20 && problems.push(text));

  const peerOf = ({ life: other }) => {
    const peer = peers.get(other) ?? { replies: 0, openMonitors: 0, notices: {}, failures: {} };
    peers.set(other, peer);
    return peer;
  };
  const add = (counts, key) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };

  const receive = (message) => {
    const [sender, number] = message.split(' ');
    if (Number(number) <= (last.get(sender) ?? 0)) problem(`${message} came after ${last.get(sender)}`);
    last.set(sender, Number(number));
    handled.add(message);
  };
  const target = await GenServer.start({
    init: () => null,
    handleCall(message, state) {
      receive(message);
      return [`re: ${message}`, state];
    },
    handleCast(message, state) {
      receive(message);
      return state;
    },
  });
  const watcher = await GenServer.start({
    init: () => null,
    handleCall: (_message, state) => [undefined, state],
    handleCast: (_message, state) => state,
    handleInfo({ monitor, ref, reason }, state) {
      const peer = peerOf(ref);
      add(peer.notices, reason.error === undefined ? reason : 'error');
      const count = (downs.get(monitor) ?? 0) + 1;
      downs.set(monitor, count);
      if (count === 1) peer.openMonitors -= 1;
      else problem(`monitor ${monitor.id} had ${count} notices`);
      return state;
    },
  });

  const next = () => `${life} ${++sent}`;
  const call = (ref) => {
    const message = next();
    const peer = peerOf(ref);
    open.set(message, performance.now());
    const settled = () => {
      longestCallMs = Math.max(longestCallMs, performance.now() - open.get(message));
      open.delete(message);
    };
    GenServer.call(ref, message, { timeout: CALL_TIMEOUT_MS }).then(
      (reply) => {
        settled();
        peer.replies += 1;
        if (reply !== `re: ${message}`) problem(`${message} got ${reply}`);
      },
      (error) => {
        settled();
        add(peer.failures, `${error.code} ${error.mayHaveBeenHandled}`);
        if (error.mayHaveBeenHandled === undefined)
          problem(`${error.code} does not say whether it may have been handled`);
        else if (!error.mayHaveBeenHandled) notHandled.add(message);
      },
    );
  };
  const cast = (ref) => {
    const message = next();
    try {
      GenServer.cast(ref, message);
    } catch {
      notHandled.add(message);
    }
  };
  const round = () => {
    for (const ref of targets) {
      cast(ref);
      call(ref);
      if (sent % 50 === 0) monitor(ref);
    }
  };
  const monitor = (ref) => {
    try {
      downs.set(GenServer.monitor(watcher, ref), 0);
      peerOf(ref).openMonitors += 1;
    } catch (error) {
      if (error.code !== 'NOEX_FOREIGN_REF') problem(error.message);
    }
  };

  return {
    target,
    /** Sends to these from now on. */
    sendTo(refs, roundMs = ROUND_MS) {
      targets = refs;
      rounds ??= setInterval(round, roundMs);
    },
    stop() {
      clearInterval(rounds);
      rounds = undefined;
    },
    /** Ends the process that others send to: each of their monitors is down then. */
    endTarget: () => GenServer.stop(target, 'shutdown'),
    report,
    peers: () => Object.fromEntries(peers),
    /** The report; what it says of single messages, and monitors that had their notice by the report before, are forgotten. */
    take() {
      const taken = report();
      for (const monitor of notified) downs.delete(monitor);
      notified = [...downs].filter(([, count]) => count > 0).map(([monitor]) => monitor);
      problems.length = 0;
      handled.clear();
      notHandled.clear();
      return taken;
    },
  };

  function report() {
    return {
      problems: [...problems],
      sent,
      replies: [...peers.values()].reduce((sum, { replies }) => sum + replies, 0),
      longestCallMs,
      handled: [...handled],
      notHandled: [...notHandled],
      /** Calls that are open for longer than their time-out, with a margin. */
      overdue: [...open.values()].filter((since) => performance.now() - since > 2 * CALL_TIMEOUT_MS).length,
      openCalls: open.size,
      openMonitors: [...downs.values()].filter((count) => count === 0).length,
    };
  }
}
