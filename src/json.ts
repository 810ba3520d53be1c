import { InvalidArgumentError } from "./errors.js";

/**
 * A JSON number that was written as a decimal but has an integral value: `0.0`, `2.50e1`. HDF5 has two kinds of numbers
 * where JavaScript has one, and scan documents rely on it: `1` becomes an int64 dataset, `1.0` a float64 one.
 */
export class JsonDecimal {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  valueOf(): number {
    return this.value;
  }

  toJSON(): number {
    return this.value;
  }
}

/** Deeper documents are refused: nothing that a beamline publishes comes near, and every walk over a tree recurses. */
export const MAX_JSON_DEPTH = 500;

/**
 * Text in which JSON.parse could lose something: `.0`, an exponent, sixteen digits, or the order of names such as "10".
 * May match inside strings.
 */
const LOSSY = /\d\.\d*0(?!\d)|\d[eE]|\d{16}|"\d{1,10}"\s*:/;

/** The names of objects, in their order, of which JavaScript would list some first: those that look like an index. */
const nameOrders = new WeakMap<object, readonly string[]>();

/** The names in an object as its JSON text has them, when `parseExactJson` made it; else as JavaScript lists them. */
export function namesOf(object: object): readonly string[] {
  return nameOrders.get(object) ?? Object.keys(object);
}

/**
 * As JSON.parse, but no number loses its kind or digits: integers beyond 2^53 are bigints, decimals with an integral
 * value are `JsonDecimal`s. Names such as `__proto__` are ordinary. Errors: SyntaxError for what is no JSON,
 * InvalidArgumentError for more than 500 levels.
 */
export function parseExactJson(text: string): unknown {
  if (LOSSY.test(text)) return new ExactParser(text).parse();
  const parsed: unknown = JSON.parse(text);
  requireDepth(parsed);
  return parsed;
}

/** The same value with plain numbers only (as JSON.parse gives, but for bigints), for users of `info`. */
export function plainJson(value: unknown): unknown {
  if (value instanceof JsonDecimal) return value.value;
  if (Array.isArray(value)) return value.map(plainJson);
  return typeof value === "object" && value !== null ? plainObject(value) : value;
}

/** As `plainJson`, of an object. */
export function plainObject(value: object): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) setOwn(plain, name, plainJson(item));
  return plain;
}

/** True for what JSON calls an object: no array, no null, no JsonDecimal. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonDecimal)
  );
}

/** The number behind a JSON value, or undefined when it is none. */
export function jsonNumber(value: unknown): number | undefined {
  if (value instanceof JsonDecimal) return value.value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : undefined;
}

/** Assignment that treats `__proto__` as a name like any other. */
function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else target[name] = value;
}

function requireDepth(value: unknown, depth = 0): void {
  if (typeof value !== "object" || value === null) return;
  if (depth >= MAX_JSON_DEPTH) throw tooDeep();
  for (const item of Object.values(value)) requireDepth(item, depth + 1);
}

function tooDeep(): InvalidArgumentError {
  return new InvalidArgumentError(`This JSON document is nested more than ${MAX_JSON_DEPTH} levels deep.`);
}

const SPACE = /[ \t\n\r]*/y;
const LAST_CONTROL = 0x20;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
/** Texts that must be looked at closely: JSON has no bare control characters. */
const SPECIAL = /[\\\p{Cc}]/u;
const WORDS: readonly (readonly [string, unknown])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

function startsWithDigit(name: string): boolean {
  const code = name.charCodeAt(0);
  return code >= 0x30 && code <= 0x39;
}

class ExactParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #value(): unknown {
    this.#space();
    const first = this.#text[this.#at];
    if (first === "{") return this.#nested(() => this.#object());
    if (first === "[") return this.#nested(() => this.#array());
    if (first === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #nested(parse: () => unknown): unknown {
    if (++this.#depth > MAX_JSON_DEPTH) throw tooDeep();
    this.#at++;
    const value = parse();
    this.#depth--;
    return value;
  }

  #object(): unknown {
    const object: Record<string, unknown> = {};
    const names: string[] = [];
    let indices = false;
    if (this.#take("}")) return object;
    do {
      this.#space();
      const name = this.#string();
      if (!this.#take(":")) this.#fail();
      names.push(name);
      indices ||= startsWithDigit(name);
      setOwn(object, name, this.#value());
    } while (this.#take(","));
    if (!this.#take("}")) this.#fail();
    if (indices) nameOrders.set(object, [...new Set(names)]);
    return object;
  }

  #array(): unknown {
    const items: unknown[] = [];
    if (this.#take("]")) return items;
    do items.push(this.#value());
    while (this.#take(","));
    if (!this.#take("]")) this.#fail();
    return items;
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') this.#fail();
    let end = this.#text.indexOf('"', start + 1);
    while (end >= 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end < 0) this.#fail();
    this.#at = end + 1;
    const content = this.#text.slice(start + 1, end);
    return SPECIAL.test(content) ? (JSON.parse(this.#text.slice(start, end + 1)) as string) : content;
  }

  /** An odd number of backslashes before a quote. */
  #isEscaped(quote: number): boolean {
    let first = quote;
    while (this.#text[first - 1] === "\\") first--;
    return (quote - first) % 2 === 1;
  }

  #number(): unknown {
    const [token, fraction, exponent] = this.#match(NUMBER);
    const value = Number(token);
    if (fraction === undefined && exponent === undefined) {
      return Number.isSafeInteger(value) ? value : BigInt(token);
    }
    return Number.isInteger(value) ? new JsonDecimal(value) : value;
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) this.#fail();
    this.#at = pattern.lastIndex;
    return match;
  }

  #take(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    if (this.#text.charCodeAt(this.#at) > LAST_CONTROL) return;
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #fail(): never {
    const found = this.#text.slice(this.#at, this.#at + 20) || "the end";
    throw new SyntaxError(`No JSON at position ${this.#at}: found ${JSON.stringify(found)}.`);
  }
}
