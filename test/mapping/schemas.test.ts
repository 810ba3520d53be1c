import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isJsonObject } from "../../src/json.js";
import { accepts } from "../../src/mapping/schema/accepts.js";
import { readSchema, type Schema } from "../../src/schemas.js";
import { runPython } from "../support/python.js";

const FIXTURES = new URL("../../fixtures/", import.meta.url);
const FILES = readdirSync(new URL("../../schemas/", import.meta.url)).sort();
const SCHEMAS = FILES.map((file) => file.replace(/\.schema\.json$/, ""));

const ajv = new Ajv2020({ allowUnionTypes: true, allErrors: true, keywords: ["tsType"] });
for (const name of SCHEMAS) ajv.addSchema(readSchema(name));

/** The places in a document where it is not as its schema, or one of the schema's definitions, demands. */
function wrongPlaces(schema: string, document: unknown): string[] {
  const [name, definition] = schema.split("#");
  const id = `${name}.schema.json${definition === undefined ? "" : `#/$defs/${definition}`}`;
  const validate = ajv.getSchema(id);
  if (!validate) throw new Error(`There is no schema ${id}.`);
  const valid = Boolean(validate(document));
  return valid ? [] : (validate.errors ?? []).map(({ instancePath }) => instancePath);
}

function captures(folder: "h5maps" | "scan-info"): string[] {
  return readdirSync(new URL(`${folder}/`, FIXTURES)).sort();
}

/** Prints the fields of the dictionaries that blissdata describes scan_info with. */
const SCAN_INFO_FIELDS = `
import json, typing
from blissdata.schemas import scan_info as info, scan_info_display as display
fields = {one.__name__: list(one.__annotations__) for one in
          (info.ScanInfoDict, info.SequenceDict, info.ChainDict, info.ChannelDict, info.DeviceDict, display.DisplayExtraDict)}
fields["PlotDict"] = sorted({name for plot in typing.get_args(display.PlotDict) for name in plot.__annotations__})
print(json.dumps(fields))
`;

interface ScanLike {
  readonly id: unknown;
  readonly info: { readonly h5maps?: unknown };
  readonly data_streams: Readonly<Record<string, { readonly info: Readonly<Record<string, unknown>> }>>;
}

/** Every object with an `id` in a capture's scan.json: its scan documents. */
function documents(folder: "h5maps" | "scan-info", name: string): ScanLike[] {
  const text = readFileSync(new URL(`${folder}/${name}/scan.json`, FIXTURES), "utf8");
  const found: ScanLike[] = [];
  const look = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    if ("id" in value && "info" in value) found.push(value as ScanLike);
    else Object.values(value).forEach(look);
  };
  look(JSON.parse(text));
  return found;
}

/** Every definition of a schema, the schema itself first. */
function definitions(schema: Schema): [string, Schema][] {
  return [["", schema], ...Object.entries((schema.$defs ?? {}) as Record<string, Schema>)];
}

describe("schemas", () => {
  test.each(SCHEMAS)(
    "%s is draft 2020-12 with a title, a description and examples that are valid",
    (name) => {
      const schema = readSchema(name);
      expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
      expect(schema.$id).toBe(`${name}.schema.json`);
      expect(schema).toMatchObject({ title: expect.any(String), description: expect.any(String) });
      const examples = schema.examples as unknown[];
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(wrongPlaces(name, example)).toEqual([]);
    },
  );

  test.each(SCHEMAS)("the definitions of %s have a title and a description, and valid examples", (name) => {
    for (const [definition, schema] of definitions(readSchema(name)).slice(1)) {
      expect(schema, definition).toMatchObject({
        title: expect.any(String),
        description: expect.any(String),
      });
      for (const example of (schema.examples ?? []) as unknown[])
        expect(wrongPlaces(`${name}#${definition}`, example), definition).toEqual([]);
    }
  });

  test("know every field of BLISS's scan_info", async () => {
    const fields = JSON.parse(await runPython(SCAN_INFO_FIELDS)) as Record<string, string[]>;
    const { properties, $defs } = readSchema("scan-info") as unknown as Record<
      "properties" | "$defs",
      Record<string, Schema>
    >;
    const ours: Record<string, Schema | undefined> = {
      ScanInfoDict: { properties },
      SequenceDict: properties.sequence_info,
      ChainDict: $defs.chain,
      ChannelDict: $defs.channel,
      DeviceDict: $defs.device,
      DisplayExtraDict: $defs.displayExtra,
      PlotDict: $defs.plot,
    };
    expect(Object.keys(fields)).toEqual(Object.keys(ours));
    for (const [name, schema] of Object.entries(ours)) {
      expect(Object.keys(schema?.properties ?? {}), name).toEqual(expect.arrayContaining(fields[name] ?? []));
    }
  });

  test("gave the committed types", () => {
    const folder = mkdtempSync(join(tmpdir(), "nxlive-types-"));
    try {
      const script = fileURLToPath(new URL("../../scripts/generate-types.mjs", import.meta.url));
      execFileSync(process.execPath, [script, "--out", folder]);
      const committed = new URL("../../src/mapping/generated/", import.meta.url);
      expect(readdirSync(folder).sort()).toEqual(readdirSync(committed).sort());
      for (const file of readdirSync(folder)) {
        expect(readFileSync(new URL(file, committed), "utf8"), file).toBe(
          readFileSync(join(folder, file), "utf8"),
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The files of captures whose publisher erred on purpose (arrays and numbers are checked later). */
const WRONG: Record<string, string[]> = {
  info_nan_in_mapping: ["data.h5"],
  invalid_mappings: ["bad01.h5", "bad03.h5", "bad04.h5", "bad09.h5", "bad10.h5"],
};

describe("scan documents of real publishers", () => {
  test.each([
    ...captures("h5maps").map((name) => ["h5maps", name] as const),
    ...captures("scan-info").map((name) => ["scan-info", name] as const),
  ])("%s/%s is valid", (folder, name) => {
    const problems = documents(folder, name).flatMap((document) => wrongPlaces("scan", document));
    expect(problems).toEqual([]);
  });

  test.each(captures("h5maps"))(
    "the h5maps of %s are valid, or wrong where their publisher erred",
    (name) => {
      const files = documents("h5maps", name).flatMap(({ info }) => Object.entries(info.h5maps ?? {}));
      const wrong = files.filter(([file, map]) => wrongPlaces("h5maps", { [file]: map }).length > 0);
      expect(wrong.map(([file]) => basename(file))).toEqual(WRONG[name] ?? []);
    },
  );
});

describe("streams of real publishers", () => {
  const SCHEMAS: Readonly<Record<string, string>> = {
    lima: "stream-lima",
    lima2: "stream-lima2",
    scan_sequence: "stream-scan-sequence",
    hdf5_fallback: "stream-hdf5-fallback",
  };
  const streams = (["h5maps", "scan-info"] as const).flatMap((folder) =>
    captures(folder).flatMap((name) =>
      documents(folder, name).flatMap((scan) => Object.values(scan.data_streams)),
    ),
  );

  test("have the info that the schema of their plugin describes", () => {
    const seen = new Set<string>();
    for (const { info } of streams) {
      const plugin = typeof info.plugin === "string" ? info.plugin : "";
      const schema = SCHEMAS[plugin] ?? "stream-plain";
      seen.add(schema);
      expect({ info, wrong: wrongPlaces(schema, info) }).toEqual({ info, wrong: [] });
    }
    expect([...seen].sort((a, b) => a.localeCompare(b))).toEqual([
      "stream-hdf5-fallback",
      "stream-lima",
      "stream-lima2",
      "stream-plain",
      "stream-scan-sequence",
    ]);
  });
});

describe("what is wrong is found where it is", () => {
  const [scan] = readSchema("scan").examples as Record<string, unknown>[];
  const stream = {
    pk: "01M7YGY90QZ7WYQARRDQYR59DE",
    encoding: { type: "numeric", dtype_str: "float", shape: [] },
    info: {},
  };
  const cases: [string, string, unknown, string][] = [
    ["no object", "scan", 5, ""],
    ["a missing field", "scan", { ...scan, id: undefined }, ""],
    [
      "a field of another type",
      "scan",
      { ...scan, id: { name: "ascan", number: "12", data_policy: "ESRF" } },
      "/id/number",
    ],
    [
      "an unknown dtype",
      "scan",
      { ...scan, data_streams: { diode: stream } },
      "/data_streams/diode/encoding/dtype_str",
    ],
    [
      "an unknown encoding",
      "scan",
      { ...scan, data_streams: { diode: { ...stream, encoding: { type: "msgpack" } } } },
      "/data_streams/diode/encoding",
    ],
    ["a bad channel", "scan-info", { channels: { diode: { dim: "0" } } }, "/channels/diode/dim"],
    [
      "a value that is none of the allowed",
      "scan-info",
      { channels: { roby: { axis_kind: "zigzag" } } },
      "/channels/roby/axis_kind",
    ],
    [
      "images without files",
      "stream-lima",
      { dtype: "uint16", shape: [4, 4], lima_info: { frame_per_acquisition: 1, file_path: "a_%04d.h5" } },
      "/lima_info",
    ],
    [
      "a master file of one part",
      "stream-lima2",
      { dtype: "uint16", shape: [4], master_file: ["a.h5"] },
      "/master_file",
    ],
    ["a sequence that is none", "stream-scan-sequence", {}, ""],
    [
      "a relative file",
      "stream-hdf5-fallback",
      { plugin: "hdf5_fallback", file_path: "a.h5", data_path: "/x" },
      "/file_path",
    ],
    ["an unknown unit", "stream-plain", { unit: 5 }, "/unit"],
    ["an unknown setting", "writer-config", { rots: ["/data"] }, ""],
    [
      "a node of unknown type",
      "mapping",
      { type: "group", items: { entry: { type: "dataset" } } },
      "/items/entry",
    ],
    ["a link without target", "mapping", { type: "group", items: { a: { type: "softlink" } } }, "/items/a"],
    ["a tuple of unknown kind", "mapping-tuples", [{}, { a: [{}, "VALUE", 5] }], "/1/a"],
  ];
  test.each(cases)("%s (%s)", (_, name, document, place) => {
    expect(wrongPlaces(name, document)).toContain(place);
  });
});

describe("checking without ajv", () => {
  const { $defs } = readSchema("h5maps");
  const named = $defs as Record<string, Schema>;
  const definition = (reference: string): unknown => named[reference.split("/").at(-1) ?? ""];

  const odd = fc.constantFrom<unknown>(
    null,
    "",
    "é",
    "<f4",
    -1,
    1.5,
    2 ** 60,
    true,
    [],
    {},
    [["a", 1]],
    [33, -1],
  );
  /** An example with some fields exchanged, left out or added. */
  const altered = (example: Record<string, unknown>) =>
    fc
      .dictionary(fc.constantFrom(...Object.keys(example), "x"), fc.option(odd, { nil: undefined }))
      .map((changes) => {
        const all = Object.entries({ ...example, ...changes });
        return Object.fromEntries(all.filter(([, value]) => value !== undefined));
      });

  test.each(Object.keys(named))("accepts nothing of %s that ajv refuses", (name) => {
    const schema = named[name] ?? {};
    const check = (value: unknown) => {
      if (accepts(schema, value, definition))
        expect({ value, wrong: wrongPlaces(`h5maps#${name}`, value) }).toEqual({ value, wrong: [] });
    };
    for (const example of (schema.examples ?? []) as unknown[]) {
      check(example);
      if (isJsonObject(example)) fc.assert(fc.property(altered(example), check));
    }
    fc.assert(fc.property(fc.oneof(odd, fc.jsonValue()), check));
  });

  test.each(["softLink", "externalLink", "stream", "inline", "inlineB64", "compound", "virtual"])(
    "accepts the examples of %s",
    (name) => {
      const examples = (named[name]?.examples ?? []) as unknown[];
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        expect(accepts(named[name], example, definition)).toBe(true);
      }
    },
  );
});
