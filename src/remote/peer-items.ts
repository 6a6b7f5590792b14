import { MAX_TIMER_MS } from '../clock.js';

/** What one end of a channel may send to the other: the first element of an item, and what follows it. */
export interface Items {
  /** A message: the process, the body, 1 if that is annotated, the sender's process id, 0 without one. */
  readonly cast: readonly [to: string, body: unknown, annotated: Flag, from: string | 0];
  readonly info: readonly [to: string, body: unknown, annotated: Flag, from: string | 0];
  /**
   * A message that is answered by `reply` or `fail` with its number. `deadline`: how long the caller waits, ms; 0: for ever.
   * `metadata` is reserved for tracing.
   */
  readonly call: readonly [
    number: number,
    to: string,
    body: unknown,
    annotated: Flag,
    from: string | 0,
    deadline: number,
    metadata?: unknown,
  ];
  readonly reply: readonly [number: number, body: unknown, annotated: Flag];
  readonly fail: readonly [number: number, failure: unknown];
  /** Answered by one `down`, unless `demonitor` comes first. */
  readonly monitor: readonly [number: number, to: string];
  readonly demonitor: readonly [number: number];
  readonly down: readonly [number: number, reason: unknown];
  /** The other end of the link is `from`. */
  readonly link: readonly [number: number, to: string, from: string];
  readonly unlink: readonly [number: number];
  /** One end of a link has ended. `side` 0: the link was numbered by the sender of this item; 1: by its receiver. */
  readonly exit: readonly [number: number, side: Flag, reason: unknown];
  /** Answered by `reply` when the process is gone. */
  readonly stop: readonly [number: number, to: string, reason: unknown, timeoutMs: number | null];
  readonly kill: readonly [to: string];
  /** Starts a process of a registered behavior; answered by `reply` with its ref, which `started` confirms. */
  readonly start: readonly [number: number, behavior: string, args: unknown, annotated: Flag, options: unknown];
  readonly started: readonly [number: number];
  /** The starter does not wait any more: what was started is to end. */
  readonly abort: readonly [number: number];
}

export type Flag = 0 | 1;

export type ItemKind = keyof Items;

type Guard = (value: unknown) => boolean;

/** The longest id of a process, and name of a behavior, in characters. */
export const MAX_ID = 200;

const isNumber: Guard = (value) => Number.isSafeInteger(value) && Number(value) > 0;
const isId: Guard = (value) => typeof value === 'string' && value.length <= MAX_ID;
const isSender: Guard = (value) => value === 0 || isId(value);
const isFlag: Guard = (value) => value === 0 || value === 1;
const isDuration: Guard = (value) => typeof value === 'number' && value >= 0 && value <= MAX_TIMER_MS;
const isDurationOrNull: Guard = (value) => value === null || isDuration(value);
const isAnything: Guard = () => true;

/** A guard for each element that has to be there. */
const GUARDS: { readonly [Kind in ItemKind]: readonly Guard[] } = {
  cast: [isId, isAnything, isFlag, isSender],
  info: [isId, isAnything, isFlag, isSender],
  call: [isNumber, isId, isAnything, isFlag, isSender, isDuration],
  reply: [isNumber, isAnything, isFlag],
  fail: [isNumber, isAnything],
  monitor: [isNumber, isId],
  demonitor: [isNumber],
  down: [isNumber, isAnything],
  link: [isNumber, isId, isId],
  unlink: [isNumber],
  exit: [isNumber, isFlag, isAnything],
  stop: [isNumber, isId, isAnything, isDurationOrNull],
  kill: [isId],
  start: [isNumber, isId, isAnything, isFlag, isAnything],
  started: [isNumber],
  abort: [isNumber],
};

/** An item from another node. */
export type ReceivedItem = { [Kind in ItemKind]: readonly [Kind, ...Items[Kind]] }[ItemKind];

/** The item, if it is one; `unknown`: of a kind that a later version has; `malformed`: no version sends it. */
export function readItem(item: unknown): ReceivedItem | 'unknown' | 'malformed' {
  if (!Array.isArray(item) || typeof item[0] !== 'string') return 'malformed';
  const guards: readonly Guard[] | undefined = Object.hasOwn(GUARDS, item[0]) ? GUARDS[item[0] as ItemKind] : undefined;
  if (guards === undefined) return 'unknown';
  for (let at = 0; at < guards.length; at += 1) if (!guards[at]?.(item[at + 1])) return 'malformed';
  return item as unknown as ReceivedItem;
}
