// The global names, groups and distributed supervisors of a fault node, with what is wrong with them as this node sees it.

/** Between two looks at what must hold at every moment, ms. */
const LOOK_MS = 25;
/** Between two changes of the load, ms. */
const CHANGE_MS = 100;
/** How a registration may fail. */
const REFUSALS = ['NOEX_ALREADY_REGISTERED', 'NOEX_GLOBAL_NAME_TIMEOUT'];

/** The clock of the machine, which all processes share, ms. */
const monotonic = () => Number(process.hrtime.bigint()) / 1e6;
const keyOf = ({ id, life }) => `${life}/${id}`;

/** @param onChildEvent receives what happens to children of distributed supervisors on this node */
export function createDistribution(runtime, onChildEvent) {
  const { BehaviorRegistry, Cluster, DistributedSupervisor, GenServer, GlobalRegistry, Observer, ProcessGroups } =
    runtime;
  /** The children that run here: for each id, the processes. */
  const running = new Map();
  /** The processes that this node has registered, by name. */
  const held = new Map();
  const instances = [];
  const problems = new Set();
  const counts = { registered: 0, refused: 0, joined: 0, moved: 0, led: 0, stopped: {} };
  const timers = [];

  const problem = (text) => void (problems.size < 20 && problems.add(text));
  const report = (type, childId, why) => onChildEvent({ type, childId, at: monotonic(), ...(why && { why }) });

  BehaviorRegistry.register('child', (childId) => {
    let self;
    const end = () => {
      if (self === undefined) return;
      const key = keyOf(self);
      self = undefined;
      running.set(
        childId,
        running.get(childId).filter((other) => other !== key),
      );
      report('ended', childId);
    };
    return {
      init(ref, { signal }) {
        self = ref;
        const others = running.get(childId) ?? [];
        if (others.length > 0) problem(`child ${childId} started while it was running here`);
        running.set(childId, [...others, keyOf(ref)]);
        report('started', childId);
        signal.addEventListener('abort', end);
        return null;
      },
      handleCall: () => [childId, null],
      handleCast: () => null,
    };
  });
  Observer.events$.subscribe((event) => {
    if (event.type === 'distributed_supervisor_led') counts.led += 1;
    if (event.type === 'distributed_child_moved') counts.moved += 1;
    if (event.type !== 'distributed_child_stopped') return;
    counts.stopped[event.why] = (counts.stopped[event.why] ?? 0) + 1;
    report('stopped', event.childId, event.why);
  });

  const idle = { init: () => null, handleCall: () => [null, null], handleCast: () => null };

  /** Starts a process with a global name. Returns `held`, or the code of the error. */
  const register = async (name) => {
    try {
      const ref = await GenServer.start(idle, { name, registration: 'global' });
      held.set(name, ref);
      counts.registered += 1;
      return 'held';
    } catch (error) {
      counts.refused += 1;
      return error.code ?? error.name;
    }
  };

  /** Starts an instance of a distributed supervisor. Returns `started`, or the code of the error. */
  const supervise = async (options) => {
    try {
      instances.push(await DistributedSupervisor.start(options));
      return 'started';
    } catch (error) {
      return error.code ?? error.name;
    }
  };

  /** The processes of this node that have a name here and run. */
  const living = () => [...held].filter(([, ref]) => GenServer.isRunning(ref));

  /** What must hold at every moment, whatever happens to the cluster. */
  const look = () => {
    const here = Cluster.getNodes().flatMap(({ id, status }) => (status === 'connected' ? [id] : []));
    const known = new Set([Cluster.getLocalNodeId(), ...here]);
    const isLost = (ref) => !known.has(GenServer.nodeOf(ref));
    for (const name of GlobalRegistry.getNames())
      if (isLost(GlobalRegistry.lookup(name))) problem(`name ${name} is on a node that is not connected`);
    for (const group of ProcessGroups.which())
      if (ProcessGroups.members(group).some(isLost)) problem(`group ${group} has a member that is not connected`);
    for (const [name, ref] of living()) {
      const owner = GlobalRegistry.whereis(name);
      if (owner === undefined || keyOf(owner) !== keyOf(ref)) problem(`a process that lost the name ${name} is alive`);
    }
  };

  /** The names of this node for the load, and those that all nodes want. */
  let wanted = [];
  let members = [];
  let isChanging = true;
  let changes = 0;
  const wanting = new Set();
  const want = async (name) => {
    if (wanting.has(name) || GlobalRegistry.isRegistered(name)) return;
    wanting.add(name);
    const outcome = await register(name);
    wanting.delete(name);
    if (outcome !== 'held' && !REFUSALS.includes(outcome)) problem(`the registration of ${name} failed: ${outcome}`);
  };
  const change = () => {
    for (const name of wanted) void want(name);
    if (!isChanging) return;
    changes += 1;
    const [name, ref] = living()[changes % Math.max(1, held.size)] ?? [];
    if (name !== undefined && changes % 5 === 0) GenServer.kill(ref);
    const member = members[changes % members.length];
    if (ProcessGroups.leave('all', member)) return;
    ProcessGroups.join('all', member);
    counts.joined += 1;
  };

  return {
    register,
    supervise,
    /** Changes names and groups all the time, until it is stopped. */
    async load({ node, supervisor }) {
      wanted = [0, 1, 2].flatMap((at) => [`${node}/${at}`, `shared/${at}`]);
      members = await Promise.all(Array.from({ length: 3 }, () => GenServer.start(idle)));
      for (const member of members) ProcessGroups.join(node, member);
      timers.push(setInterval(change, CHANGE_MS), setInterval(look, LOOK_MS));
      const outcome = await supervise(supervisor);
      if (outcome !== 'started') problem(`the supervisor did not start: ${outcome}`);
    },
    /** Whether the load also ends processes and memberships. */
    setChanging(isOn) {
      isChanging = isOn;
    },
    view: () => ({
      names: Object.fromEntries(GlobalRegistry.getNames().map((name) => [name, keyOf(GlobalRegistry.lookup(name))])),
      held: Object.fromEntries(living().map(([name, ref]) => [name, keyOf(ref)])),
      groups: groupsOf(ProcessGroups.members),
      localGroups: groupsOf(ProcessGroups.localMembers),
      running: [...running].flatMap(([childId, keys]) => keys.map((key) => [childId, key])),
      children: instances
        .filter((instance) => DistributedSupervisor.isRunning(instance))
        .map((instance) =>
          Object.fromEntries(
            DistributedSupervisor.getChildren(instance).map(({ id, ref }) => [
              id,
              ref === undefined ? null : keyOf(ref),
            ]),
          ),
        ),
      problems: [...problems],
      counts,
    }),
    stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
    },
    /** Ends the instances, once this node has left its cluster. */
    async end() {
      await Promise.all(instances.map((instance) => DistributedSupervisor.stop(instance)));
    },
  };

  function groupsOf(membersOf) {
    return Object.fromEntries(ProcessGroups.which().map((group) => [group, membersOf(group).map(keyOf).sort()]));
  }
}
