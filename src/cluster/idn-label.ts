// The parameters of Punycode: RFC 3492, section 5.
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_CODE_POINT = 128;

/** The last code point of Unicode. */
const MAX_CODE_POINT = 0x10ffff;

/** The characters of a label of a host name: letters, marks and digits of any script, and hyphens. */
const LABEL = /^[\p{L}\p{M}\p{N}-]+$/u;
const ASCII = /^[a-z0-9-]*$/;

/**
 * Whether a label is the ASCII form (`xn--...`, in lower case) of an internationalized label: letters, marks, digits
 * and hyphens, not all ASCII, in lower case and in NFC. `URL` is not used because its answer depends on the version of
 * Node.js.
 */
export function isIdnLabel(label: string): boolean {
  const text = label.startsWith('xn--') ? decodePunycode(label.slice(4)) : undefined;
  if (text === undefined || ASCII.test(text) || !LABEL.test(text)) return false;
  return text === text.normalize('NFC') && text === text.toLowerCase();
}

/** Decodes as in RFC 3492, section 6.2. Returns `undefined` for a text that is not valid Punycode. */
function decodePunycode(input: string): string | undefined {
  const delimiter = input.lastIndexOf('-');
  const output = [...input.slice(0, Math.max(0, delimiter))].map((char) => char.charCodeAt(0));
  let codePoint = INITIAL_CODE_POINT;
  let bias = INITIAL_BIAS;
  let position = 0;
  for (let at = delimiter + 1; at < input.length; ) {
    const before = position;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(input.charCodeAt(at));
      at += 1;
      if (digit === undefined) return undefined;
      position += digit * weight;
      const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias));
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (position > Number.MAX_SAFE_INTEGER / BASE || weight > Number.MAX_SAFE_INTEGER / BASE) return undefined;
    }
    const length = output.length + 1;
    bias = adapt(position - before, length, before === 0);
    codePoint += Math.floor(position / length);
    position %= length;
    if (codePoint > MAX_CODE_POINT) return undefined;
    output.splice(position, 0, codePoint);
    position += 1;
  }
  return String.fromCodePoint(...output);
}

/** The bias adaptation of RFC 3492, section 6.1. */
function adapt(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

/** The value of a Punycode digit: `a` to `z` are 0 to 25, `0` to `9` are 26 to 35. */
function digitOf(charCode: number): number | undefined {
  if (charCode >= 97 && charCode <= 122) return charCode - 97;
  if (charCode >= 48 && charCode <= 57) return charCode - 22;
  return undefined;
}
