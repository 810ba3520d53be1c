import { readFileSync } from "node:fs";
import { decode } from "@msgpack/msgpack";
import { parseExactJson, plainJson } from "../../../src/json.js";
import type { LayoutSource, StreamFacts } from "../../../src/mapping/tree.js";
import { decodeNumbers } from "../../../src/ndarray/decode.js";
import { requireNumeric, sizeOfShape } from "../../../src/ndarray/dtype.js";
import { pluginName } from "../../../src/stream/plugin.js";

interface Command {
  readonly args: readonly (string | { readonly b64: string })[];
}

interface ScanDocument {
  readonly id: LayoutSource["id"];
  readonly info: Record<string, unknown>;
  readonly state_stream: { readonly pk: string };
  readonly data_streams: Record<
    string,
    { pk: string; encoding: Record<string, unknown>; info: Record<string, unknown> }
  >;
}

interface Entry {
  readonly index: number;
  readonly count: number;
  readonly payload: Buffer;
}

const STATES = ["CREATED", "PREPARED", "STARTED", "STOPPED", "CLOSED"] as const;

/** The scans of a capture as layouts see them at the end, in the order in which they were closed. */
export function capturedScans(name: string): LayoutSource[] {
  return scansAfter(commands(name));
}

/** The scans of a capture as they were when the last one of them became PREPARED: no data yet. */
export function preparedScans(name: string): LayoutSource[] {
  const all = commands(name);
  const isPrepared = ({ args }: Command) => args[0] === "XADD" && args[3] === "state" && args[4] === "1";
  return scansAfter(all.slice(0, all.findLastIndex(isPrepared) + 1));
}

function commands(name: string): Command[] {
  const file = new URL(`../../../fixtures/scan-info/${name}/redis.jsonl`, import.meta.url);
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Command);
}

/** What Redis holds after these commands. */
function scansAfter(all: readonly Command[]): LayoutSource[] {
  const documents = new Map<string, ScanDocument>();
  const states = new Map<string, (typeof STATES)[number]>();
  const streams = new Map<string, Entry[]>();
  const startInfos = new Map<string, Record<string, unknown>>();
  for (const { args } of all) {
    const [command, key] = args as [string, string];
    if (command === "JSON.SET") documents.set(key, parseExactJson(String(args[3])) as ScanDocument);
    if (command !== "XADD" || key === "_SCAN_HISTORY_") continue;
    const fields = args.slice(3);
    if (args[2] === "*") {
      const state = STATES[Number(fields[fields.indexOf("state") + 1])];
      if (state) {
        states.delete(key); // the order of the map is that of the last changes
        states.set(key, state);
      }
      if (state === "PREPARED") startInfos.set(key, infoOf(key, documents));
    } else streams.set(key, [...(streams.get(key) ?? []), entryOf(String(args[2]), fields)]);
  }
  const sources = new Map<string, LayoutSource>();
  for (const [key, document] of documents) {
    const stateStream = `esrf:stream:${document.state_stream.pk}`;
    const state = states.get(stateStream) ?? "CREATED";
    const startInfo = startInfos.get(stateStream);
    const source = { id: document.id, info: document.info, streams: new Map(), state };
    sources.set(key, startInfo ? { ...source, startInfo } : source);
  }
  const changes = [...states.keys()];
  const latest = ({ state_stream }: ScanDocument) => changes.indexOf(`esrf:stream:${state_stream.pk}`);
  const ordered = [...documents].sort(([, a], [, b]) => latest(a) - latest(b));
  return ordered.map(([key, document]) => {
    const source = sources.get(key) as LayoutSource;
    const facts = Object.entries(document.data_streams).map(
      ([name, stream]) =>
        [
          name,
          factsOf(stream, streams.get(`esrf:stream:${stream.pk}`) ?? [], document.info, sources),
        ] as const,
    );
    return { ...source, streams: new Map(facts) };
  });
}

function infoOf(stateStream: string, documents: ReadonlyMap<string, ScanDocument>): Record<string, unknown> {
  const scan = [...documents.values()].find(({ state_stream }) => stateStream.endsWith(state_stream.pk));
  return scan?.info ?? {};
}

function entryOf(id: string, fields: Command["args"]): Entry {
  const value = (name: string) => {
    const at = fields.indexOf(name);
    const item = at < 0 ? undefined : fields[at + 1];
    return typeof item === "object" ? Buffer.from(item.b64, "base64") : Buffer.from(item ?? "");
  };
  return {
    index: Number(id.split("-")[0]),
    count: Number(value("len").toString() || 1),
    payload: value("payload"),
  };
}

function factsOf(
  stream: ScanDocument["data_streams"][string],
  entries: readonly Entry[],
  scanInfo: Record<string, unknown>,
  scans: ReadonlyMap<string, LayoutSource>,
): StreamFacts {
  const { encoding, info } = stream;
  const plugin = pluginName(info, encoding, { info: scanInfo });
  const last = entries.at(-1);
  const facts = { plugin, encoding, info, length: last ? last.index + last.count : 0 };
  const json = () => entries.map((entry) => JSON.parse(entry.payload.toString()) as Record<string, unknown>);
  if (plugin === "lima") {
    const status = json().at(-1) as { last_index: number; last_index_saved: number } | undefined;
    return { ...facts, length: (status?.last_index ?? -1) + 1, ...(status ? { lastStatus: status } : {}) };
  }
  if (plugin === "scan_sequence") {
    return { ...facts, scans: json().flatMap(({ key }) => scans.get(String(key)) ?? []) };
  }
  if (encoding.type !== "numeric") return facts;
  const shape = plainJson(encoding.shape) as number[];
  if (shape.includes(-1)) {
    const shapes = entries.map((entry) => (decode(entry.payload) as [number[], Uint8Array])[0]);
    return {
      ...facts,
      pointShape: shape.map((_, axis) => Math.max(0, ...shapes.map((item) => item[axis] ?? 0))),
    };
  }
  if (sizeOfShape(shape) !== 1 || shape.length > 0) return facts;
  const bytes = Buffer.concat(entries.map((entry) => entry.payload));
  const numbers = decodeNumbers(bytes, requireNumeric(String(encoding.dtype_str)));
  return { ...facts, values: Array.from(numbers as ArrayLike<number | bigint>, Number) };
}
