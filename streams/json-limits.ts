/** What a JSON text from elsewhere may hold at most. */
export interface JsonLimits {
  /** Objects, arrays and texts, but not names of properties. Numbers cost little, and are not counted. */
  readonly maxParts: number;
  /** Different names of properties: the same one again costs a tenth of a new one. */
  readonly maxNames: number;
  /** How many objects and arrays are within one another. */
  readonly maxDepth: number;
}

/** Within these, reading a text of a million characters holds the event loop for some 15 ms, whatever it says. */
export const JSON_LIMITS: JsonLimits = { maxParts: 40_000, maxNames: 10_000, maxDepth: 256 };

const [SPACE, QUOTE, BACKSLASH, COLON] = [0x20, 0x22, 0x5c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * What a text has too much of, or `undefined`. To count costs a fraction of what it costs to parse the worst. Total; what is no
 * JSON is for the parser to refuse.
 */
export function exceededLimit(text: string, limits: JsonLimits = JSON_LIMITS): string | undefined {
  const { maxParts, maxNames, maxDepth } = limits;
  // Most texts are too short for too much of anything.
  if (text.length <= maxDepth && text.length <= maxParts && text.length <= maxNames) return undefined;
  // A part takes at least one character, and a name with its value four: a shorter text cannot exceed those limits.
  const names = text.length > Math.min(maxParts, 4 * maxNames) ? new NameCounter() : undefined;
  const texts = new TextEnds(text);
  let parts = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const begin = at + 1;
        at = texts.after(begin);
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

/** So many bits of a hash are a place in the table: enough for few of the names that are allowed to share one. */
const PLACE_BITS = 17;

/** Counts different names, by their hashes: rather one too few than to remember each. */
class NameCounter {
  // A sender that knew the factor could choose names that all have the same hash.
  readonly #factor = (Math.random() * 2 ** 32) | 0x40000001;
  readonly #seen = new Uint8Array(2 ** PLACE_BITS);
  #count = 0;

  /** Counts the name that stands from `start` to `end`; how many different ones there were. */
  add(text: string, start: number, end: number): number {
    let hash = 0;
    for (let at = start; at < end; at += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(at), this.#factor);
      // Without this, a few factors in a hundred make most names look the same.
      hash ^= hash >>> 15;
    }
    const place = Math.imul(hash, this.#factor) >>> (32 - PLACE_BITS);
    if (this.#seen[place] === 0) this.#count += 1;
    this.#seen[place] = 1;
    return this.#count;
  }
}

/** This many characters of a text are read one at a time; after that, searching for the next quote is faster. */
const SHORT = 64;

/** Finds the ends of texts, from left to right: what was found ahead is kept, so that nothing is looked for twice. */
class TextEnds {
  readonly #text: string;
  /** The next ones, as far as was looked. */
  #quote = -1;
  #backslash = -1;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the quote is that ends the text that begins at `from`. */
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
