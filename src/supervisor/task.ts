import { AsyncContext } from '../async-context.js';
import { asError, InvalidArgumentError, isError, ServerNotRunningError } from '../errors.js';
import type { GenServerApi } from '../process/gen-server.js';
import type { GenServerBehavior } from '../process/gen-server-types.js';
import { continueWith, stop } from '../process/handler-result.js';
import type { GenServerRef, SupervisorRef } from '../process/process-refs.js';
import { checkFunction, checkKnown } from '../validate.js';
import type { SupervisorApi } from './supervisor.js';

/** The argument of a task function. */
export interface TaskContext {
  /**
   * Aborted when the task is killed, for example because its supervisor stops or the reader of its stream stops early.
   */
  readonly signal: AbortSignal;
}

export interface TaskOptions {
  /**
   * The supervisor of the task, with any strategy but `simple_one_for_one`. Default: a supervisor that the runtime
   * starts for tasks. Tasks are temporary children: they are never restarted.
   */
  readonly supervisor?: SupervisorRef | undefined;
}

export interface TaskStreamOptions extends TaskOptions {
  /** The maximum number of tasks that run at the same time. Default 8. */
  readonly concurrency?: number | undefined;
}

/** Runs functions as supervised processes, so that they are observed and stopped like all other processes. */
export interface TaskApi {
  /**
   * Runs a function as a process. Resolves with what `fn` returns, and rejects with what `fn` throws. An error of `fn`
   * is not reported as a crash.
   *
   * Also rejects with ServerNotRunningError if the supervisor does not run, or if the process ends before `fn` settles.
   * Rejects with InvalidArgumentError or UnknownOptionError for invalid arguments. Other errors are those of
   * `Supervisor.startChild`.
   *
   * @example
   * const page = await Task.async(async ({ signal }) => (await fetch(url, { signal })).text());
   */
  async<Result>(fn: (ctx: TaskContext) => Result | Promise<Result>, options?: TaskOptions): Promise<Result>;
  /**
   * Runs a function for each item, several at a time, and yields the results in the order of the items. A result has
   * the form of `Promise.allSettled`, and an error of one task does not end the stream. Further items are taken only as
   * results are read. When the reader stops early, running tasks are killed.
   *
   * @throws InvalidArgumentError, UnknownOptionError
   * @example
   * for await (const result of Task.asyncStream(urls, load, { concurrency: 4 })) {
   *   if (result.status === 'fulfilled') console.log(result.value);
   * }
   */
  asyncStream<Item, Result>(
    items: Iterable<Item> | AsyncIterable<Item>,
    fn: (item: Item, ctx: TaskContext) => Result | Promise<Result>,
    options?: TaskStreamOptions,
  ): AsyncIterableIterator<PromiseSettledResult<Result>>;
}

interface Facades {
  readonly GenServer: Pick<GenServerApi, 'start' | 'exited' | 'kill'>;
  readonly Supervisor: Pick<SupervisorApi, 'start' | 'startChild' | 'isRunning'>;
}

/** A task that is starting, runs or has ended. */
interface StartedTask<Result> {
  readonly result: Promise<Result>;
  /** Kills the process of the task. If the process is still starting, kills it once it has started. */
  kill(): void;
}

const TASK_OPTIONS = ['supervisor'] satisfies (keyof TaskOptions)[];
const STREAM_OPTIONS = ['supervisor', 'concurrency'] satisfies (keyof TaskStreamOptions)[];
const DEFAULT_CONCURRENCY = 8;

export function createTask({ GenServer, Supervisor }: Facades): TaskApi {
  let own: Promise<SupervisorRef> | undefined;
  let lastId = 0;

  /** Returns the default supervisor of tasks. Starts a new one if none runs. */
  const ownSupervisor = async (): Promise<SupervisorRef> => {
    own ??= Supervisor.start({ strategy: 'one_for_one' });
    const ref = await own.catch((error) => {
      own = undefined;
      throw error;
    });
    if (Supervisor.isRunning(ref)) return ref;
    own = undefined;
    return ownSupervisor();
  };

  const startTask = <Result>(
    fn: (ctx: TaskContext) => Result | Promise<Result>,
    { supervisor }: TaskOptions,
  ): StartedTask<Result> => {
    const context = new AsyncContext();
    let isKilled = false;
    let ref: GenServerRef | undefined;
    const result = new Promise<Result>((resolve, reject) => {
      const run = async (ctx: TaskContext): Promise<void> => {
        try {
          resolve(await context.run(() => fn(ctx)));
        } catch (thrown) {
          reject(thrown);
        }
      };
      const start = async (): Promise<void> => {
        const id = `task${++lastId}`;
        const parent = supervisor ?? (await ownSupervisor());
        const begin = (): Promise<GenServerRef> => GenServer.start(taskBehavior(run), { label: 'task' });
        const started = await Supervisor.startChild(parent, {
          id,
          start: begin,
          restart: 'temporary',
          shutdownTimeout: 0,
        });
        ref = started as GenServerRef;
        if (isKilled) GenServer.kill(ref);
        const reason = await GenServer.exited(ref);
        const cause = typeof reason === 'object' && isError(reason.error) ? { cause: reason.error } : undefined;
        reject(new ServerNotRunningError(ref.id, cause));
      };
      start().catch((thrown) => reject(asError(thrown)));
    });
    const kill = (): void => {
      isKilled = true;
      if (ref !== undefined) GenServer.kill(ref);
    };
    return { result, kill };
  };

  return {
    async async(fn, options = {}) {
      checkFunction('fn', fn);
      checkKnown(options, TASK_OPTIONS, 'the options of Task.async');
      return startTask(fn, options).result;
    },
    asyncStream(items, fn, options = {}) {
      checkFunction('fn', fn);
      checkKnown(options, STREAM_OPTIONS, 'the options of Task.asyncStream');
      const { concurrency = DEFAULT_CONCURRENCY, ...taskOptions } = options;
      if (!(Number.isInteger(concurrency) && concurrency > 0)) {
        throw new InvalidArgumentError('concurrency', 'a whole number, at least 1', concurrency);
      }
      return inOrder(items, concurrency, (item) => startTask((ctx) => fn(item, ctx), taskOptions));
    },
  };
}

async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  concurrency: number,
  start: (item: Item) => StartedTask<Result>,
): AsyncGenerator<PromiseSettledResult<Result>, void, undefined> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const running: { readonly settled: Promise<PromiseSettledResult<Result>>; kill(): void }[] = [];
  let isExhausted = false;
  try {
    for (;;) {
      while (!isExhausted && running.length < concurrency) {
        const next = await iterator.next();
        if (next.done) {
          isExhausted = true;
          break;
        }
        const { result, kill } = start(next.value);
        // `allSettled` prevents an unhandled rejection: a task may fail long before its result is read.
        running.push({ settled: Promise.allSettled([result]).then(([settled]) => settled), kill });
      }
      const first = running.shift();
      if (first === undefined) return;
      yield await first.settled;
    }
  } finally {
    for (const { kill } of running) kill();
    if (!isExhausted) await iterator.return?.();
  }
}

/** The behavior of a process that runs one function and then ends. */
function taskBehavior(run: (ctx: TaskContext) => Promise<void>): GenServerBehavior<null, never, never> {
  return {
    init: () => continueWith(undefined, null),
    async handleContinue(_payload, state, { signal }) {
      await run({ signal });
      return stop('normal', state);
    },
    handleCall: (_message, state) => [undefined, state],
    handleCast: (_message, state) => state,
  };
}
