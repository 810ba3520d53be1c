import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../errors.js";
import { Dataset } from "../../h5api/dataset.js";
import { File } from "../../h5api/file.js";
import { readLayout } from "../../mapping/layout.js";
import type { DatasetValue } from "../../mapping/tree.js";
import { walkTree } from "../../mapping/walk.js";
import { NdArray } from "../../ndarray/ndarray.js";
import type { Scan } from "../../scan/scan.js";

/** What came of holding a scan's files against Redis. */
export interface CheckResult {
  readonly datasets: number;
  /** One sentence each: `FILE::PATH …`. */
  readonly differences: readonly string[];
}

/** Reads every dataset that a scan's mapping names from its files, and compares dtype, shape and values with Redis. */
export async function checkFiles(scan: Scan, signal: AbortSignal): Promise<CheckResult> {
  const differences: string[] = [];
  let datasets = 0;
  for (const [name, root] of readLayout(scan.layoutSource).files) {
    await using file = await File.open(name);
    for (const [path, node] of walkTree(root)) {
      if (node.kind !== "dataset") continue;
      datasets++;
      const problem = await compare(file, path, await expectedOf(scan, node.value, signal)).catch(messageOf);
      if (problem !== undefined) differences.push(`${name}::${path} ${problem}`);
    }
  }
  return { datasets, differences };
}

async function expectedOf(scan: Scan, value: DatasetValue, signal: AbortSignal): Promise<NdArray> {
  if (value.kind === "static") return NdArray.fromRaw(value.array);
  const stream = scan.streams.get(value.stream);
  if (stream === undefined) throw new Error(`There is no stream ${value.stream}.`);
  return await stream.slice(null, null, null, { signal });
}

async function compare(file: File, path: string, expected: NdArray): Promise<string | undefined> {
  const node = await file.get(path);
  if (!(node instanceof Dataset)) return "is no dataset";
  const found = await node.slice();
  if (!(found instanceof NdArray)) return "is no array";
  if (!isDeepStrictEqual(found.dtype, expected.dtype))
    return `has the dtype ${found.dtype}, not ${expected.dtype}`;
  if (!isDeepStrictEqual(found.shape, expected.shape))
    return `has the shape (${found.shape}), not (${expected.shape})`;
  if (!isDeepStrictEqual(found.data, expected.data)) return "holds other values than Redis";
  return undefined;
}
