import { seededRandom } from '../helpers/seeded-random.js';

/**
 * What can happen to a node, or between nodes: to which, for how long (from, to, ms), and what it is called in the summary.
 *
 * `mortal`: a node that may be restarted. `any`: one node. `pair`: two. `split`: one node, and some of the others.
 * Those of the network touch the ways between nodes, so that of two faults at once one may be such.
 */
export const FAULTS = {
  kill: { hits: 'mortal', lasts: [0, 3000], name: '`kill -9`, and a restart' },
  leave: { hits: 'mortal', lasts: [0, 3000], name: '`SIGTERM`, and a restart' },
  stranger: { hits: 'mortal', lasts: [1000, 4000], name: 'killed, a stranger on its port, and a restart' },
  stop: { hits: 'any', lasts: [100, 1500], name: '`SIGSTOP`, short' },
  hang: { hits: 'any', lasts: [3000, 8000], name: '`SIGSTOP`, long' },
  block: { hits: 'any', lasts: [200, 6000], name: 'event loop blocked' },
  clock: { hits: 'any', lasts: [500, 2000], name: 'clock an hour off' },
  twin: { hits: 'any', lasts: [1000, 4000], name: 'a second node with its id' },
  crash: { hits: 'any', lasts: [0, 0], name: 'a process crashes, its supervisor restarts it' },
  churn: { hits: 'any', lasts: [0, 1000], name: 'processes start and stop' },
  burst: { hits: 'any', lasts: [0, 0], name: 'a burst of 30,000 casts' },
  reset: { hits: 'any', lasts: [0, 0], network: true, name: 'connections reset' },
  half_open: { hits: 'any', lasts: [1000, 8000], network: true, name: 'half-open: nothing arrives, for ever' },
  one_way: { hits: 'pair', lasts: [1000, 8000], network: true, name: 'nothing arrives one way' },
  partition: { hits: 'split', lasts: [1000, 8000], network: true, name: 'partition' },
  slow: { hits: 'pair', lasts: [1000, 4000], network: true, name: 'a link of 50 kB/s' },
  delay: { hits: 'pair', lasts: [1000, 4000], network: true, name: 'a link 300 ms late' },
  cut: { hits: 'pair', lasts: [200, 2000], network: true, name: 'messages cut' },
  drop: { hits: 'pair', lasts: [200, 2000], network: true, name: 'bytes left out' },
  duplicate: { hits: 'pair', lasts: [200, 2000], network: true, name: 'bytes repeated' },
  reorder: { hits: 'pair', lasts: [200, 2000], network: true, name: 'bytes exchanged' },
} as const satisfies Record<string, FaultSpec>;

interface FaultSpec {
  readonly hits: 'mortal' | 'any' | 'pair' | 'split';
  readonly lasts: readonly [from: number, to: number];
  readonly network?: true;
  readonly name: string;
}

export type FaultKind = keyof typeof FAULTS;

export const KINDS = Object.keys(FAULTS) as readonly FaultKind[];

/** One fault that is to happen. */
export interface Injection {
  readonly kind: FaultKind;
  readonly node: string;
  /** Those on the other side; none, if there is no other side. */
  readonly others: readonly string[];
  readonly ms: number;
  /** Settles, from 0 up to 1, whatever else there is to choose. */
  readonly pick: number;
}

/** Faults that happen at once, and how long all is quiet once the views agree again, ms. */
export interface Step {
  readonly faults: readonly Injection[];
  readonly calmMs: number;
}

const TWO_AT_ONCE = 0.3;
const CALM_MS = 1000;

/**
 * What happens, for as long as anybody wants to know. Kinds come in rounds, each of which has them all.
 *
 * @param names of the nodes. The first is never restarted, so that there is one that has seen it all.
 */
export function* schedule(seed: number, names: readonly string[]): Generator<Step, never> {
  const random = seededRandom(seed);
  const round: FaultKind[] = [];
  const next = (): Injection => {
    if (round.length === 0) round.push(...shuffled(KINDS, random));
    return injection(round.pop() as FaultKind, names, random);
  };
  let waiting: Injection | undefined;
  for (;;) {
    const first = waiting ?? next();
    waiting = undefined;
    const faults = [first];
    if (random() < TWO_AT_ONCE) {
      const second = next();
      if (goTogether(first, second)) faults.push(second);
      else waiting = second;
    }
    yield { faults, calmMs: Math.round(random() * CALM_MS) };
  }
}

function injection(kind: FaultKind, names: readonly string[], random: () => number): Injection {
  const { hits, lasts } = FAULTS[kind];
  const [from, to] = lasts;
  const candidates = shuffled(hits === 'mortal' ? names.slice(1) : names, random);
  const [node = '', ...rest] = candidates;
  const count = hits === 'pair' ? 1 : hits === 'split' ? 1 + Math.floor(random() * (rest.length - 1)) : 0;
  return {
    kind,
    node,
    others: rest.slice(0, count),
    ms: Math.round(from + random() * (to - from)),
    pick: random(),
  };
}

/** Of one node, or of one network, the end of the one would be the end of the other. */
function goTogether(one: Injection, other: Injection): boolean {
  const ofNetwork = ({ kind }: Injection): boolean => 'network' in FAULTS[kind];
  return one.node !== other.node && !(ofNetwork(one) && ofNetwork(other));
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
