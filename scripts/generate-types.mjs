// Writes src/mapping/generated/<name>.ts from schemas/<name>.schema.json; `--out FOLDER` writes elsewhere.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const schemas = join(root, "schemas");
const out = process.argv[2] === "--out" ? process.argv[3] : join(root, "src/mapping/generated");

const OPTIONS = {
  bannerComment:
    "// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.",
  cwd: schemas,
  additionalProperties: false,
  unreachableDefinitions: true,
  ignoreMinAndMaxItems: true,
  style: { printWidth: 110 },
};

await mkdir(out, { recursive: true });
for (const file of (await readdir(schemas)).sort()) {
  if (!file.endsWith(".schema.json")) continue;
  const name = file.slice(0, -".schema.json".length);
  const schema = await withImports(JSON.parse(await readFile(join(schemas, file), "utf8")));
  delete schema.$id;
  const types = (await compile(schema, name, OPTIONS))
    // The compiler's notes on where a definition is used say nothing to readers.
    .replaceAll(/ \*\n \* This interface was referenced by [^\n]*\n \* via the `[^\n]*\n/g, "");
  await writeFile(join(out, `${name}.ts`), types);
}

/** References into other schemas become imports of the types made from them. */
async function withImports(part) {
  if (Array.isArray(part)) return await Promise.all(part.map(withImports));
  if (typeof part !== "object" || part === null) return part;
  const reference = /^([\w-]+)\.schema\.json(?:#\/\$defs\/(\w+))?$/.exec(part.$ref ?? "");
  if (reference) {
    const [, name, definition] = reference;
    const target = JSON.parse(await readFile(join(schemas, `${name}.schema.json`), "utf8"));
    const { title } = definition === undefined ? target : target.$defs[definition];
    return { description: part.description, tsType: `import("./${name}.js").${title}` };
  }
  const entries = Object.entries(part).map(async ([key, value]) => [key, await withImports(value)]);
  return Object.fromEntries(await Promise.all(entries));
}
