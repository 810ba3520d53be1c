import { messageOf } from "../../errors.js";
import type { Dataset } from "../../h5api/dataset.js";
import type { Group } from "../../h5api/group.js";
import type { Member } from "../../h5api/reference.js";
import { command } from "../command.js";
import { jsonValue } from "../json-values.js";
import { MODE_OPTION, openPlace } from "../open-file.js";
import { datasetText, linesBelow, type Shown, shownBefore } from "../tree-lines.js";

export const tree = command({
  usage: "FILE[::PATH]",
  help: `Shows what is in a file, or below a path in it: groups with their NX_class, datasets with shape, dtype and unit
(small ones with their values), links with their targets. Scans in Redis are shown as the file they will become; what is
no longer in Redis comes from the file on disk.`,
  options: {
    mode: MODE_OPTION,
  },
  positionals: [1, 1],
  async run(context) {
    const { positionals, values, signal, json, print, printJson } = context;
    const { file: opened, path } = await openPlace(context, positionals[0] ?? "", values.mode);
    await using file = opened;
    const node = path === "/" ? file : await file.get<Member>(path, { signal });
    if (json) {
      await printJson(await jsonTree(node, new Map(), signal));
      return 0;
    }
    await print(node.location);
    if (node.kind === "dataset") await print(await datasetText(node, signal));
    else for await (const line of linesBelow(node, signal)) await print(line);
    return 0;
  },
});

/** A node with everything below it, for machines. What cannot be read is there with its error. */
async function jsonTree(
  node: Group | Dataset,
  shown: Shown,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const before = node.kind === "group" ? await shownBefore(node, shown, signal) : undefined;
  if (before !== undefined) return { kind: "hard_link", target: before };
  const attributes = Object.fromEntries(
    (await node.attrs.items({ signal })).map(([name, value]) => [name, jsonValue(value)]),
  );
  if (node.kind === "dataset") {
    const { dtype, maxshape, chunks } = node;
    return { kind: "dataset", attributes, dtype, shape: await node.shape({ signal }), maxshape, chunks };
  }
  const children: [string, unknown][] = [];
  for (const name of await node.keys({ signal })) {
    children.push([name, await jsonChild(node, name, shown, signal)]);
  }
  return { kind: "group", attributes, children: Object.fromEntries(children) };
}

async function jsonChild(
  group: Group,
  name: string,
  shown: Shown,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  try {
    const link = await group.get(`./${name}`, { link: true, signal });
    if (link.kind === "soft") return { kind: "soft_link", target: link.path };
    if (link.kind === "external") {
      return {
        kind: "external_link",
        target: `${link.filename}::${link.path}`,
        file: link.filename,
        path: link.path,
      };
    }
    return await jsonTree(await group.get<Member>(`./${name}`, { signal }), shown, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "error", error: messageOf(error) };
  }
}
