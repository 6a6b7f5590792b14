import { setImmediate as nextTurn } from 'node:timers/promises';
import { duration, inTurns, median, type Round } from '../measure.js';
import { createRuntime } from '../noex.js';
import { atMost, type Row } from '../row.js';

const FEW = 1000;
const MANY = 20_000;
/** How many times the cost of a restart among few children one among many may have. */
const WANTED_TIMES = 2;

const fragile = {
  init: () => 0,
  handleCall: (_message: unknown, state: number) => [state, state] as const,
  handleCast(): number {
    throw new Error('as it is to do');
  },
};

/** All children of a template crash at once, and are restarted; ms for each. */
export async function* run(): AsyncGenerator<Row> {
  const { few, many } = await inTurns({ few: await crashesOf(FEW), many: await crashesOf(MANY) }, 3);
  const times = median(many) / median(few);
  yield { what: `restart of one of ${FEW} children, all at once`, unit: 'ms', noex: few };
  yield {
    what: `restart of one of ${MANY} children, all at once`,
    unit: 'ms',
    noex: many,
    targets: [atMost(WANTED_TIMES, times, `${WANTED_TIMES} x one of ${FEW}`)],
  };
}

async function crashesOf(count: number): Promise<Round> {
  const { GenServer, Supervisor } = createRuntime({ reporter: false });
  const supervisor = await Supervisor.start({
    strategy: 'simple_one_for_one',
    // So many restarts are remembered, and none is too many.
    restartIntensity: { maxRestarts: Number.MAX_SAFE_INTEGER, withinMs: 1e9 },
    childTemplate: { start: () => GenServer.start(fragile) },
  });
  for (let i = 0; i < count; i += 1) await Supervisor.startChild(supervisor, []);
  let restarted = 0;
  Supervisor.onLifecycleEvent(({ type }) => {
    if (type === 'restarted') restarted += 1;
  });
  const crashAll = duration(1, async () => {
    restarted = 0;
    for (const { ref } of Supervisor.getChildren(supervisor)) if (ref !== undefined) GenServer.cast(ref, undefined);
    while (restarted < count) await nextTurn();
  });
  return async () => (await crashAll()) / count;
}
