/** Limits for a JSON text from another node or a client. A text may reach a limit, but not exceed it. */
export interface JsonLimits {
  /**
   * The number of objects, arrays and strings, without property names. Numbers are not counted, because they are cheap.
   */
  readonly maxParts: number;
  /** The number of distinct property names. Parsing a repeated name costs about a tenth of parsing a new name. */
  readonly maxNames: number;
  /** The nesting depth of objects and arrays. */
  readonly maxDepth: number;
}

/** Within these limits, parsing a text of a million characters blocks the event loop for about 15 ms at most. */
export const JSON_LIMITS: JsonLimits = { maxParts: 40_000, maxNames: 10_000, maxDepth: 256 };

const [SPACE, QUOTE, BACKSLASH, COLON] = [0x20, 0x22, 0x5c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Returns which limit a text exceeds, or `undefined`. Counting costs a fraction of parsing a text that exceeds a limit.
 * Never throws; invalid JSON is left to the parser.
 */
export function exceededLimit(text: string, limits: JsonLimits = JSON_LIMITS): string | undefined {
  const { maxParts, maxNames, maxDepth } = limits;
  // A text that is this short cannot exceed any limit.
  if (text.length <= maxDepth && text.length <= maxParts && text.length <= maxNames) return undefined;
  // Parts and names are limited only in a text that is long enough to exceed these limits: a part takes at least one
  // character, and a name with its value at least four.
  const names = text.length > Math.min(maxParts, 4 * maxNames) ? new NameCounter() : undefined;
  const closingQuotes = new ClosingQuotes(text);
  let parts = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const begin = at + 1;
        at = closingQuotes.after(begin);
        if (names === undefined || text.charCodeAt(afterSpace(text, at + 1)) !== COLON) parts += 1;
        else if (names.add(text, begin, at) > maxNames) return `more than ${maxNames} different names of properties`;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        parts += 1;
        depth += 1;
        if (depth > maxDepth) return `nesting deeper than ${maxDepth}`;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth -= 1;
        continue;
      default:
        continue;
    }
    if (names !== undefined && parts > maxParts) return `more than ${maxParts} objects, arrays and texts`;
  }
  return undefined;
}

/** The number of hash bits used as the index in the table. With 17 bits, few of the permitted names collide. */
const PLACE_BITS = 17;

/**
 * Counts distinct names by their hashes. If hashes collide, the count is too low. An exact count would have to store
 * the names, which costs more.
 */
class NameCounter {
  // A random factor, because a sender that knew the factor could choose names with colliding hashes.
  readonly #factor = (Math.random() * 2 ** 32) | 0x40000001;
  readonly #seen = new Uint8Array(2 ** PLACE_BITS);
  #count = 0;

  /** Counts the name from `start` to before `end`. Returns the number of distinct names so far. */
  add(text: string, start: number, end: number): number {
    let hash = 0;
    for (let at = start; at < end; at += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(at), this.#factor);
      // Mixes high bits into low ones. Without this, a few percent of the factors make most names collide.
      hash ^= hash >>> 15;
    }
    const place = Math.imul(hash, this.#factor) >>> (32 - PLACE_BITS);
    if (this.#seen[place] === 0) this.#count += 1;
    this.#seen[place] = 1;
    return this.#count;
  }
}

/** A string is scanned character by character up to this length. Beyond it, `indexOf` is faster. */
const SHORT = 64;

/**
 * Finds the closing quotes of strings, from left to right. Remembers the quote and backslash that `indexOf` has found
 * ahead, so that no part of the text is searched twice.
 */
class ClosingQuotes {
  readonly #text: string;
  /**
   * The position of the next quote, as `indexOf` found it; the length of the text if there is none. -1: not known yet.
   */
  #quote = -1;
  /** The position of the next backslash, in the same way. */
  #backslash = -1;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * The position of the closing quote of the string whose content begins at `from`. If there is no closing quote,
   * returns at least the length of the text.
   */
  after(from: number): number {
    const text = this.#text;
    for (let at = from; ; ) {
      for (const near = Math.min(text.length, at + SHORT); at < near; at += 1) {
        const code = text.charCodeAt(at);
        if (code === QUOTE) return at;
        if (code === BACKSLASH) at += 1;
      }
      if (at >= text.length) return at;
      if (this.#quote < at) this.#quote = this.#next('"', at);
      if (this.#backslash < at) this.#backslash = this.#next('\\', at);
      if (this.#quote < this.#backslash) return this.#quote;
      at = this.#backslash;
    }
  }

  #next(what: string, from: number): number {
    const at = this.#text.indexOf(what, from);
    return at < 0 ? this.#text.length : at;
  }
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}
