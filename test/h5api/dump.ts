import { createHash } from "node:crypto";
import { jsonValue } from "../../src/cli/json-values.js";
import { messageOf } from "../../src/errors.js";
import type { Dataset, DType, Group, Member, RawArray } from "../../src/index.js";
import { NdArray } from "../../src/ndarray/ndarray.js";

/** A node as `dump.py` describes it: what h5py sees. */
export type Dump = Readonly<Record<string, unknown>>;

/** Everything in a file by path, links not followed; attributes as [dtype, shape, value]. */
export async function dumpFile(root: Group): Promise<Record<string, Dump>> {
  const nodes: Record<string, Dump> = { "/": { kind: "group", attrs: await dumpAttributes(root) } };
  await dumpMembers(root, nodes);
  return nodes;
}

async function dumpMembers(group: Group, nodes: Record<string, Dump>): Promise<void> {
  for (const name of await group.keys()) {
    const path = group.name === "/" ? `/${name}` : `${group.name}/${name}`;
    const link = await group.get(path, { link: true });
    if (link.kind === "soft") nodes[path] = { kind: "soft_link", target: link.path };
    else if (link.kind === "external")
      nodes[path] = { kind: "external_link", file: link.filename, target: link.path };
    else {
      const node = await group.get<Member>(path);
      if (node.kind === "group") {
        nodes[path] = { kind: "group", attrs: await dumpAttributes(node) };
        await dumpMembers(node, nodes);
      } else nodes[path] = await dumpDataset(node);
    }
  }
}

async function dumpDataset(dataset: Dataset): Promise<Dump> {
  try {
    const shape = await dataset.shape();
    if (shape === null)
      return {
        kind: "dataset",
        attrs: await dumpAttributes(dataset),
        dtype: dtypeText(dataset.dtype),
        shape,
      };
    const array = await dataset.slice();
    return { kind: "dataset", attrs: await dumpAttributes(dataset), ...dumpArray(array) };
  } catch (error) {
    return { kind: "dataset", error: messageOf(error) };
  }
}

async function dumpAttributes({ attrs }: Group | Dataset): Promise<Dump> {
  const all = [...(await attrs.all())].filter(([name]) => !VOLATILE.has(name));
  return Object.fromEntries(
    all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, raw]) => [name, dumpRaw(raw)]),
  );
}

const VOLATILE = new Set(["HDF5_Version", "h5py_version", "file_time", "file_update_time", "nxlive_version"]);

function dumpRaw(raw: RawArray): Dump {
  return raw.shape === null ? { dtype: dtypeText(raw.dtype), shape: null } : dumpArray(NdArray.fromRaw(raw));
}

/** Values of up to 1000 elements, the digest of their JSON text beyond. */
function dumpArray(array: NdArray): Dump {
  const described = { dtype: dtypeText(array.dtype), shape: array.shape };
  if (array.size <= 1000) return { ...described, value: jsonValue(array) };
  const text = JSON.stringify(jsonValue(new NdArray(array.data, [array.size], array.dtype)));
  return { ...described, digest: createHash("sha256").update(text).digest("hex") };
}

function dtypeText(dtype: DType): unknown {
  if (typeof dtype === "string") return dtype;
  return dtype.map(([name, type, shape]) => [name, dtypeText(type), shape ?? []]);
}
