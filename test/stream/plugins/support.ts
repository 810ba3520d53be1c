import { createHash } from "node:crypto";
import type { TypedArray } from "../../../src/ndarray/decode.js";
import type { NdArray } from "../../../src/ndarray/ndarray.js";
import type { PublishedScan } from "../../../src/scan/published-scan.js";
import type { DataStore } from "../../../src/scan/store.js";
import type { PluginStreamDefinition } from "../../../src/stream/plugins/definitions.js";
import type { StreamPublisher } from "../../../src/stream/publisher.js";

/** The hash of an array's bytes, as the fixtures' trees have it. */
export function sha256(array: NdArray): string {
  const { buffer, byteOffset, byteLength } = array.data as TypedArray;
  return createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");
}

let number = 0;

/** A running scan with one stream, and that stream as its readers see it. */
export async function scanWith(
  store: DataStore,
  definition: PluginStreamDefinition,
  path: string | null = null,
) {
  const scan: PublishedScan = await store.createScan({
    name: "test",
    number: ++number,
    data_policy: "no_policy",
    path,
  });
  const publisher: StreamPublisher = scan.createStream("points", definition);
  await scan.prepare();
  await scan.start();
  const loaded = await store.loadScan(scan.key);
  const stream = loaded.streams.get("points");
  if (!stream) throw new Error("The scan has no stream.");
  return { scan, publisher, stream };
}

/** A promise's error, undefined when it has none. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The items of an iteration. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
