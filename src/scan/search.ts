import { InvalidArgumentError } from "../errors.js";
import { isJsonObject } from "../json.js";
import type { RedisClient, RequestOptions } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { KEYS } from "../redis/keys.js";
import { IDENTITY_FIELDS, type ScanIdentity } from "./identity.js";
import { isDeleted } from "./loading.js";

/**
 * What scans are searched by: any fields of their identity. Texts may hold `*` for any characters; upper and lower case
 * are the same.
 */
export type ScanCriteria = {
  readonly [K in keyof ScanIdentity]?: Exclude<ScanIdentity[K], null> | undefined;
};

export interface SearchResult {
  /** The newest scan's place in the history at the moment of the search: `scans({ since })` goes on from here. */
  readonly timetag: string;
  readonly keys: readonly string[];
}

const FIRST_LIMIT = 1_000;
/** Above this many different values, the index gives up on wildcards without saying so (search-max-prefix-expansions). */
const MOST_EXPANSIONS = 2_000;
/** Documents asked for at a time. */
const PAGE = 500;

interface Plan {
  readonly query: string;
  /** Set when the index finds too much: the documents then decide. */
  readonly check?: (id: Readonly<Record<string, unknown>>) => boolean;
  readonly wildcards: boolean;
}

/** Finds scans by their identity; their keys are in no special order. */
export async function searchScans(
  redis: RedisClient,
  criteria: ScanCriteria,
  options: RequestOptions,
): Promise<SearchResult> {
  const plan = planOf(criteria);
  const found = await searchAll(redis, plan.query, options);
  if (plan.wildcards && found.keys.length >= MOST_EXPANSIONS) {
    const all = await searchAll(redis, "*", options);
    return { ...all, keys: await checked(redis, all.keys, checkOf(criteria), options) };
  }
  if (!plan.check) return found;
  return { ...found, keys: await checked(redis, found.keys, plan.check, options) };
}

async function searchAll(redis: RedisClient, query: string, options: RequestOptions): Promise<SearchResult> {
  for (let limit = FIRST_LIMIT; ; ) {
    const search = [
      commands.xrevrange(KEYS.history, "+", "-", 1),
      commands.searchScans(query, limit),
    ] as const;
    const [last, { total, keys }] = await redis.atomically(search, options);
    if (total <= limit) return { timetag: last[0]?.id ?? "0-0", keys };
    limit = total;
  }
}

/** A scan of a file, and what loads it with a single look. */
export interface ScanOfFile {
  readonly key: string;
  readonly number: number;
  readonly statePk: string | undefined;
}

export interface ScansOfFile {
  readonly timetag: string;
  readonly scans: readonly ScanOfFile[];
  /** The last one created of those found, whose names may differ from the file's in upper and lower case. */
  readonly newest: commands.FoundScans["newest"];
}

/** The scans that are saved in exactly this file; the document of the newest one comes along, unless it is `known`. */
export async function searchFile(
  redis: RedisClient,
  path: string,
  options: RequestOptions & { readonly known?: string | undefined },
): Promise<ScansOfFile> {
  // A `*` in the name is no wildcard here.
  const query = isTag(path)
    ? `@id_path:{${escapeTag(path)}}`
    : planOf(path.includes("*") ? {} : { path }).query;
  for (let limit = FIRST_LIMIT; ; ) {
    const search = commands.searchFile(query, limit, options.known ?? "");
    const { total, timetag = "0-0", scans: found, newest } = await redis.do(search, options);
    if (total <= limit) {
      const scans = found.flatMap(({ key, id: text, statePk, ttl }): ScanOfFile[] => {
        const id = isDeleted(ttl) ? undefined : identityOf(text);
        if (!isJsonObject(id) || id.path !== path || typeof id.number !== "number") return [];
        return [{ key, number: id.number, statePk: statePk ?? undefined }];
      });
      return { timetag, scans, newest };
    }
    limit = total;
  }
}

/** A text in the place of an identity comes bare, and may be no JSON: somebody's broken scan. */
function identityOf(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined;
  }
}

async function checked(
  redis: RedisClient,
  keys: readonly string[],
  check: (id: Readonly<Record<string, unknown>>) => boolean,
  options: RequestOptions,
): Promise<string[]> {
  const passed: string[] = [];
  for (let start = 0; start < keys.length; start += PAGE) {
    const page = keys.slice(start, start + PAGE);
    const ids = await redis.do(commands.jsonMget(page, "id"), options);
    ids.forEach((text, i) => {
      const id: unknown = text === null ? null : JSON.parse(text);
      const key = page[i];
      if (key !== undefined && isJsonObject(id) && check(id)) passed.push(key);
    });
  }
  return passed;
}

function planOf(criteria: ScanCriteria): Plan {
  const terms: string[] = [];
  let exact = true;
  let wildcards = false;
  for (const [field, value] of entriesOf(criteria)) {
    if (typeof value === "number") {
      terms.push(`@id_${field}:[${value} ${value}]`);
      continue;
    }
    const pieces = tagsOf(value);
    exact &&= pieces.length === 1 && pieces[0] === value;
    wildcards ||= value.includes("*");
    for (const piece of pieces) terms.push(`@id_${field}:{${escapeTag(piece)}}`);
  }
  const query = terms.length === 0 ? "*" : terms.join(" ");
  return exact ? { query, wildcards } : { query, wildcards, check: checkOf(criteria) };
}

function entriesOf(criteria: ScanCriteria): [string, string | number][] {
  return Object.entries(criteria)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([field, value]) => {
      if (!(IDENTITY_FIELDS as readonly string[]).includes(field)) {
        throw new InvalidArgumentError(
          `Scans cannot be searched by "${field}": use ${IDENTITY_FIELDS.join(", ")}.`,
        );
      }
      const wanted = field === "number" ? Number.isFinite(value) : typeof value === "string";
      if (!wanted) {
        const kind = field === "number" ? "a number" : "a text";
        throw new InvalidArgumentError(`Search for ${field} needs ${kind}, got ${JSON.stringify(value)}.`);
      }
      return [field, value];
    });
}

/** Control characters, but for white space, have no place in queries. */
const UNSEARCHABLE = /(?![\t-\r])\p{Cc}/u;
/** The blanks that the index drops: of Unicode's others it knows nothing. */
const OUTER_BLANKS = /^[\t-\r ]+|[\t-\r ]+$/g;

/** True for a value that the index keeps as it is, and finds as a whole. */
function isTag(value: string): boolean {
  const whole = value !== "" && value === trimmed(value) && !value.includes("|");
  return whole && !value.includes("*") && !UNSEARCHABLE.test(value);
}

function trimmed(value: string): string {
  return value.replace(OUTER_BLANKS, "");
}

/**
 * What the index can find of a value: it cuts values at `|`, drops blanks at their ends, and knows `*` only at the ends of
 * a text of two characters or more without backslashes. Fewer or shorter pieces find too much; the documents then decide.
 */
function tagsOf(value: string): string[] {
  if (isTag(value)) return [value];
  if (UNSEARCHABLE.test(value)) return [];
  const inside = /^\*?(.*?)\*?$/s.exec(value)?.[1] ?? "";
  const usable = !/[|\\]/.test(value) && value === trimmed(value) && !inside.includes("*");
  if (usable && inside.length >= 2) return [value];
  if (value.includes("*")) return [];
  return value
    .split("|")
    .map(trimmed)
    .filter((part) => part !== "");
}

/** Every character that means something to RediSearch, but `*`; before others a backslash is an error. */
function escapeTag(text: string): string {
  return text.replace(/[\\,.<>{}[\]"'`:;!@#$%^&()\-+=~?/|\t-\r ]/g, (character) => `\\${character}`);
}

function checkOf(criteria: ScanCriteria): (id: Readonly<Record<string, unknown>>) => boolean {
  const tests = entriesOf(criteria).map(([field, value]) => {
    if (typeof value === "number") return { field, matches: (found: unknown) => found === value };
    const pattern = value.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const expression = new RegExp(`^${pattern.join(".*")}$`, "is");
    return { field, matches: (found: unknown) => typeof found === "string" && expression.test(found) };
  });
  return (id) => tests.every(({ field, matches }) => matches(id[field]));
}
