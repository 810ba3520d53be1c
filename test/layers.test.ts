import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

/** The folders of src, and what each may import from, beside the modules in src itself. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  ndarray: [],
  redis: [],
  hdf5: ["ndarray"],
  stream: ["redis", "ndarray", "hdf5"],
  scan: ["stream", "redis", "ndarray"],
  mapping: ["scan", "stream", "ndarray"],
  h5api: ["mapping", "scan", "stream", "redis", "ndarray", "hdf5"],
  tracker: ["scan", "stream", "redis"],
  writer: ["mapping", "scan", "stream", "redis", "ndarray", "hdf5"],
  cli: ["writer", "tracker", "h5api", "mapping", "scan", "stream", "redis", "ndarray", "hdf5"],
};

const MODULES = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);

/** The modules that a module names in imports, exports and types, as paths below src. */
function importsOf(module: string): string[] {
  const text = readFileSync(join(SRC, module), "utf8");
  const named = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target = ""]) => target);
  return named.map((target) => relative(SRC, join(SRC, dirname(module), target)));
}

/** The folder of src that a module is in; "" for src itself. */
function layerOf(module: string): string {
  return module.includes("/") ? (module.split("/")[0] ?? "") : "";
}

test("every folder of src has its place among the layers", () => {
  const layers = new Set(MODULES.map(layerOf).filter((layer) => layer !== ""));
  expect(layers).toEqual(new Set(Object.keys(BELOW)));
});

test("no module imports from a layer above its own", () => {
  const upward: string[] = [];
  for (const module of MODULES) {
    if (module === "index.ts") continue; // the face of all layers
    const layer = layerOf(module);
    for (const target of importsOf(module)) {
      const other = layerOf(target);
      if (other !== "" && other !== layer && !BELOW[layer]?.includes(other))
        upward.push(`${module} -> ${target}`);
    }
  }
  expect(upward).toEqual([]);
});

test("streams know of HDF5 in their plugins only", () => {
  const users = MODULES.filter(
    (module) =>
      layerOf(module) === "stream" && importsOf(module).some((target) => layerOf(target) === "hdf5"),
  );
  expect(users.filter((module) => !module.startsWith("stream/plugins/"))).toEqual([]);
  expect(users).not.toEqual([]);
});

test("only the modules of hdf5 reach into its folders", () => {
  const reaching = MODULES.filter((module) => layerOf(module) !== "hdf5").flatMap((module) =>
    importsOf(module)
      .filter((target) => /^hdf5\/.*\//.test(target))
      .map((target) => `${module} -> ${target}`),
  );
  expect(reaching).toEqual([]);
});
