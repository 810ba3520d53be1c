import { messageOf } from "../errors.js";
import { isJsonObject, parseExactJson, plainObject } from "../json.js";
import { formatJson, measureJson } from "../json-text.js";
import { SCAN_PREFIX, scanKey, streamKey } from "../redis/keys.js";
import { ScanFormatError, ScanInfoError } from "./errors.js";
import type { ScanIdentity } from "./identity.js";

type JsonObject = Readonly<Record<string, unknown>>;

/** A stream as a scan document declares it. `info` keeps the kinds of numbers (see `parseExactJson`). */
export interface StreamDocument {
  readonly pk: string;
  readonly encoding: JsonObject;
  readonly info: JsonObject;
}

/** A scan as Redis holds it. `info` keeps the kinds of numbers (see `parseExactJson`). */
export interface ScanDocument {
  readonly pk: string;
  readonly id: ScanIdentity & { readonly pk?: string };
  readonly info: JsonObject;
  readonly statePk: string;
  readonly streams: ReadonlyMap<string, StreamDocument>;
}

/** The most characters of `info` as JSON: blissdata's limit, as it counts them, which would not close or delete the scan otherwise. */
const INFO_LIMIT = 2 ** 20;
/** Redis takes JSON of 127 levels, of which the document is the first. */
const DEPTH_LIMIT = 126;

/** Reads a scan document. Unknown fields are ignored; a document without the needed ones is a ScanFormatError. */
export function parseDocument(text: string, key: string): ScanDocument {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (cause) {
    throw new ScanFormatError(`Scan ${key} is not readable: ${messageOf(cause)}`, { scan: key, cause });
  }
  const document = requireObject(value, "the document", key);
  const state = requireObject(document.state_stream, "state_stream", key);
  const streams = requireObject(document.data_streams ?? {}, "data_streams", key);
  return {
    pk: key.slice(SCAN_PREFIX.length),
    id: parseIdentity(document.id, key),
    info: requireObject(document.info ?? {}, "info", key),
    statePk: requireText(state.pk, "state_stream.pk", key),
    streams: new Map(Object.entries(streams).map(([name, stream]) => [name, parseStream(stream)])),
  };
}

/** A stream without the needed fields stays in the scan, as one that cannot be read. */
function parseStream(value: unknown): StreamDocument {
  const { pk, encoding, info } = isJsonObject(value) ? value : {};
  const known = typeof pk === "string" && pk !== "";
  return {
    pk: known ? pk : "",
    // Older publishers leave "" where newer ones leave null.
    encoding: known && isJsonObject(encoding) ? plainObject(encoding) : {},
    info: isJsonObject(info) ? info : {},
  };
}

function parseIdentity(value: unknown, key: string): ScanDocument["id"] {
  const id = requireObject(value, "id", key);
  const text = (name: string) =>
    id[name] === null || id[name] === undefined ? null : requireText(id[name], `id.${name}`, key);
  if (typeof id.number !== "number") {
    throw new ScanFormatError(`Scan ${key} is invalid: id.number is no number.`, { scan: key });
  }
  return {
    ...(typeof id.pk === "string" && { pk: id.pk }),
    name: requireText(id.name, "id.name", key),
    number: id.number,
    data_policy: text("data_policy") ?? "",
    session: text("session"),
    proposal: text("proposal"),
    collection: text("collection"),
    dataset: text("dataset"),
    path: text("path"),
  };
}

function requireObject(value: unknown, what: string, key: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new ScanFormatError(`Scan ${key} is invalid: ${what} is no JSON object.`, { scan: key });
}

function requireText(value: unknown, what: string, key: string): string {
  if (typeof value === "string") return value;
  throw new ScanFormatError(`Scan ${key} is invalid: ${what} is no text.`, { scan: key });
}

/** The document's JSON text. */
export function formatDocument(document: ScanDocument): string {
  const { pk, id, info, statePk, streams } = document;
  return formatJson({
    pk,
    id,
    info,
    state_stream: { pk: statePk, encoding: null, info: null },
    data_streams: Object.fromEntries(streams),
  });
}

/** The JSON text of an `info`; one that is no JSON is a ScanInfoError. */
export function formatInfo(info: JsonObject, scan: string): string {
  try {
    return formatJson(info);
  } catch (cause) {
    throw new ScanInfoError(`The info of scan ${scan} is no JSON: ${messageOf(cause)}`, { scan, cause });
  }
}

/** Refuses the JSON text of an `info` that is too large or too deep to be published. */
export function requirePublishable(text: string, scan: string): void {
  const { depth, length } = measureJson(text);
  if (length > INFO_LIMIT) {
    throw new ScanInfoError(
      `The info of scan ${scan} takes ${length} characters as JSON in Python's notation, the limit is ${INFO_LIMIT}: put large values into streams or files.`,
      { scan },
    );
  }
  if (depth > DEPTH_LIMIT) {
    throw new ScanInfoError(
      `The info of scan ${scan} is nested ${depth} levels deep, the limit is ${DEPTH_LIMIT}: put what is deeper into a text or a stream.`,
      { scan },
    );
  }
}

/** Refuses, before anything is written, an `info` that is no object, no JSON, too large or too deep. */
export function requireInfo(info: unknown, scan: string): void {
  if (!isJsonObject(info)) throw new ScanInfoError(`The info of scan ${scan} is no JSON object.`, { scan });
  requirePublishable(formatInfo(info, scan), scan);
}

/** All keys of a scan: its document, its states and its data. */
export function keysOf({ pk, statePk, streams }: ScanDocument): string[] {
  const data = [...streams.values()]
    .filter((stream) => stream.pk !== "")
    .map((stream) => streamKey(stream.pk));
  return [scanKey(pk), streamKey(statePk), ...data];
}
