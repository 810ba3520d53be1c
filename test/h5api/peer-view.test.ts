import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { jsonValue } from "../../src/cli/json-values.js";
import { File, type Group, type Member } from "../../src/index.js";
import { replayFixture } from "../support/fixtures.js";
import { runPythonFile } from "../support/python.js";
import { resetTestRedis } from "../support/redis.js";
import { makeTestFolder, startTestStore } from "../support/store.js";

const SCRIPT = fileURLToPath(new URL("peer_view.py", import.meta.url));

const { redis, store } = await startTestStore();
const folder = await makeTestFolder("blissdata");
/** The same questions as in peer_view.py: links are followed. */
async function ask(group: Group, nodes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  for (const name of await group.keys()) {
    const path = group.name === "/" ? `/${name}` : `${group.name}/${name}`;
    const node = await group.get<Member>(path);
    const attrs = Object.fromEntries(
      (await node.attrs.items()).map(([key, value]) => [key, jsonValue(value)]),
    );
    if (node.kind === "group") {
      nodes[path] = { attrs };
      await ask(node, nodes);
      continue;
    }
    const shape = await node.shape();
    const value = jsonValue(await node.value());
    const rows = shape && shape.length > 0 ? { part: jsonValue(await node.slice(1, 9, 3)) } : {};
    const last = shape?.[0] === undefined ? {} : { last: shape[0] ? jsonValue(await node.at(-1)) : null };
    nodes[path] = { attrs, shape, value, ...rows, ...last };
  }
  return nodes;
}

test.each(["nexus_full", "scalars_batches", "images_small", "inline_raw"])(
  "of the scans of %s, blissdata's h5api sees the same",
  async (name) => {
    await resetTestRedis(redis);
    await replayFixture(redis.url, `h5maps/${name}`, join(folder, name));
    const { keys } = await store.search();
    const path = (await store.loadScan(keys[0] ?? "")).id.path ?? "";
    await using file = await File.open(path, { store, mode: "live" });
    const theirs = JSON.parse(await runPythonFile(SCRIPT, [redis.url, path])) as Record<string, unknown>;
    expect(await ask(file)).toEqual(theirs);
  },
  60_000,
);
