import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonPath } from "../support/python.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let files: readonly string[];

/** Packs the package and puts it, with its dependencies, where a user's `npm install nxlive` would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-package-"));
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await run("npm", args, { cwd: ROOT, maxBuffer: 2 ** 24 });
  const [packed] = JSON.parse(stdout) as Packed[];
  if (packed === undefined) throw new Error("npm packed nothing.");
  files = packed.files.map(({ path }) => path);
  await run(pythonPath(), ["-m", "tarfile", "-e", join(folder, packed.filename), folder]);
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  await rename(join(folder, "package"), join(modules, "nxlive"));
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (!name.startsWith(".")) await symlink(join(ROOT, "node_modules", name), join(modules, name));
  }
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("the package holds the program, its types, the schemas and the demo's capture, and no tests or sources", async () => {
  const schemas = await readdir(join(ROOT, "schemas"));
  for (const schema of schemas) expect(files).toContain(`schemas/${schema}`);
  expect(files).toEqual(
    expect.arrayContaining([
      "README.md",
      "CHANGELOG.md",
      "LICENSE",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/writer/index.d.ts",
      "dist/tracker/index.d.ts",
      "dist/cli/main.js",
      "fixtures/h5maps/nexus_full/redis.jsonl",
      "examples/plugin.ts",
      "examples/two-writers/two-writers.mjs",
      "examples/writer-service/nxlive-writer@.service",
    ]),
  );
  expect(files.filter((file) => /^(src|test|bench|scripts)\/|\.map$|\.built$/.test(file))).toEqual([]);
});

test("the installed command runs", async () => {
  const { stdout } = await run(process.execPath, [
    join(folder, "node_modules/nxlive/dist/cli/main.js"),
    "--help",
  ]);
  expect(stdout).toMatch(/^Usage: nxlive/);
});

test("every entry can be imported", async () => {
  const program = `
    const { DataStore, File, mapping, slice } = await import("nxlive");
    if (![DataStore, File, mapping.root, slice].every((it) => typeof it === "function")) throw new Error("nxlive");
    const { Writer } = await import("nxlive/writer");
    const tracker = await import("nxlive/tracker");
    console.log(typeof Writer, Object.keys(tracker).length > 0);
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: folder });
  expect(stdout).toBe("function true\n");
});

test("the root loads neither the services nor the command line", async () => {
  const hook = `import { writeSync } from "node:fs";
    export async function load(url, context, next) { writeSync(2, url + "\\n"); return next(url, context); }`;
  const program = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hook)}));
    await import("nxlive");
  `;
  const { stderr } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: folder });
  const loaded = stderr.split("\n").filter((url) => url.includes("/nxlive/dist/"));
  expect(loaded.length).toBeGreaterThan(10);
  expect(loaded.filter((url) => /dist\/(writer|tracker|cli)\//.test(url))).toEqual([]);
});

/** Blocks that stand for themselves; others go on from the one before. */
function isProgram(example: string): boolean {
  return example.startsWith("import") && example.includes("DataStore.connect(");
}

test("strict TypeScript programs compile against its types, and so do those in the documentation", async () => {
  const docs = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md"));
  const pages = ["README.md", ...docs.map((name) => `docs/${name}`)];
  const texts = await Promise.all(pages.map((page) => readFile(join(ROOT, page), "utf8")));
  const blocks = texts.flatMap((text) => [...text.matchAll(/```ts\n([\s\S]*?)\n```/g)]);
  const examples = blocks.map(([, example = ""]) => example).filter(isProgram);
  expect(examples.length).toBeGreaterThan(3);
  const program = `
    import { DataStore, File, NdArray, mapping, slice } from "nxlive";
    import { Writer } from "nxlive/writer";
    const store = await DataStore.connect("redis://localhost:6379");
    const scan = await store.createScan({ name: "a", number: 1, data_policy: "no_policy", path: "/a.h5" }, {});
    const diode = scan.createStream("diode", { dtype: "<f8", info: { unit: "V" } });
    scan.info.h5maps = { "/a.h5": mapping.root({ "1.1": mapping.entry({ data: mapping.stream("diode") }) }) };
    await scan.prepare();
    await diode.send(Float64Array.of(1, 2, 3));
    await scan.close();
    await using file = await File.open("/a.h5", { store });
    const array: NdArray = await file.get("/1.1/data").slice(slice(0, 10));
    for await (const name of file) console.log(name, array.shape);
    const writer = await Writer.start(store, { session: "demo", roots: ["/data"] });
    await writer.drain();
  `;
  const names = [program, ...examples].map((_, i) => `program${i}.ts`);
  await Promise.all(names.map((name, i) => writeFile(join(folder, name), [program, ...examples][i] ?? "")));
  const flags = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2023,esnext.disposable",
  ];
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  await expect(
    run(process.execPath, [tsc, ...flags, "--types", "node", ...names], { cwd: folder }),
  ).resolves.toMatchObject({ stdout: "" });
});

test("no machine path, and no source map that is not there, is named in the package", async () => {
  const texts = files.filter((file) => /\.(js|json|md)$/.test(file) && !file.startsWith("fixtures/"));
  for (const file of texts) {
    const text = await readFile(join(folder, "node_modules/nxlive", file), "utf8");
    expect(/\/work\/|\/root\/|\/home\//.exec(text)?.[0], file).toBeUndefined();
    // Of programs without maps: debuggers and bundlers look for what is named.
    expect(/sourceMappingURL=\S+/.exec(text)?.[0], file).toBeUndefined();
  }
});
