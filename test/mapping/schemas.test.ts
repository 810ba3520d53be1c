import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isJsonObject, parseExactJson } from "../../src/json.js";
import { accepts } from "../../src/mapping/schema/accepts.js";
import { documentProblems } from "../../src/mapping/schema/documents.js";
import { listProblems } from "../../src/mapping/schema/explain.js";
import {
  readSchema,
  SCHEMA_FOLDER,
  SCHEMA_NAMES,
  type Schema,
  type SchemaName,
} from "../../src/mapping/schema/files.js";
import { runPython } from "../support/python.js";

const FIXTURES = new URL("../../fixtures/", import.meta.url);

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
  look(parseExactJson(text));
  return found;
}

/** Every definition of a schema, the schema itself first. */
function definitions(schema: Schema): [string, Schema][] {
  return [["", schema], ...Object.entries((schema.$defs ?? {}) as Record<string, Schema>)];
}

describe("schemas", () => {
  test("are all known by name", () => {
    const files = new Set(readdirSync(SCHEMA_FOLDER));
    expect(files).toEqual(new Set(SCHEMA_NAMES.map((name) => `${name}.schema.json`)));
  });

  test.each(SCHEMA_NAMES)(
    "%s is draft 2020-12 with a title, a description and examples that are valid",
    (name) => {
      const schema = readSchema(name);
      expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
      expect(schema.$id).toBe(`${name}.schema.json`);
      expect(schema).toMatchObject({ title: expect.any(String), description: expect.any(String) });
      const examples = schema.examples as unknown[];
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(documentProblems(name, example)).toEqual([]);
    },
  );

  test.each(SCHEMA_NAMES)(
    "the definitions of %s have a title and a description, and valid examples",
    (name) => {
      const ajv = new Ajv2020({ allowUnionTypes: true, keywords: ["tsType"] });
      for (const other of SCHEMA_NAMES) ajv.addSchema(readSchema(other));
      for (const [definition, schema] of definitions(readSchema(name)).slice(1)) {
        expect(schema, definition).toMatchObject({
          title: expect.any(String),
          description: expect.any(String),
        });
        const validate = ajv.getSchema(`${name}.schema.json#/$defs/${definition}`);
        for (const example of (schema.examples ?? []) as unknown[]) {
          expect({ definition, valid: validate?.(example) }).toEqual({ definition, valid: true });
        }
      }
    },
  );

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

/** What the schema finds in captures whose publisher erred on purpose (arrays and numbers are checked later). */
const WRONG: Record<string, string[]> = {
  info_nan_in_mapping: [
    '["…/data.h5"].children["1.1"].children.bad[1]: expected text, a number, a boolean, or regular nested lists of them, found null',
  ],
  invalid_mappings: [
    '["…/bad01.h5"].children["1.1"].children.bad: expected an HDF5 item, or the value of a dataset without attributes, found an object of type "nonsense"',
    '["…/bad03.h5"].children["3.1"].children.bad.attributes.a: expected a value known when the mapping is written, found an object of type "stream"',
    '["…/bad04.h5"].children["4.1"].children.bad: expected an HDF5 item, or the value of a dataset without attributes, found null',
    '["…/bad09.h5"]: expected an HDF5 group, found 5',
    '["…/bad10.h5"].children["10.1"].children.bad: "value" is missing: expected the value of the dataset, or its stream',
  ],
};

describe("scan documents of real publishers", () => {
  test.each([
    ...captures("h5maps").map((name) => ["h5maps", name] as const),
    ...captures("scan-info").map((name) => ["scan-info", name] as const),
  ])("%s/%s is valid", (folder, name) => {
    const problems = documents(folder, name).flatMap((document) => documentProblems("scan", document));
    expect(problems).toEqual([]);
  });

  test.each(captures("h5maps"))(
    "the h5maps of %s are valid, or wrong where their publisher erred",
    (name) => {
      const problems = documents("h5maps", name).flatMap(({ info }) =>
        documentProblems("h5maps", info.h5maps ?? {}),
      );
      expect(
        problems.map(({ at, message }) => `${at.replace(/"\/tmp\/nxgolden\/\w+/, '"…')}: ${message}`),
      ).toEqual(WRONG[name] ?? []);
    },
  );
});

describe("streams of real publishers", () => {
  const SCHEMAS: Readonly<Record<string, SchemaName>> = {
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
    const seen = new Set<SchemaName>();
    for (const { info } of streams) {
      const plugin = typeof info.plugin === "string" ? info.plugin : "";
      const schema = SCHEMAS[plugin] ?? "stream-plain";
      seen.add(schema);
      expect({ info, problems: documentProblems(schema, info) }).toEqual({ info, problems: [] });
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

describe("documentProblems", () => {
  const scan = readSchema("scan").examples as Record<string, unknown>[];
  const stream = {
    pk: "01M7YGY90QZ7WYQARRDQYR59DE",
    encoding: { type: "numeric", dtype_str: "float", shape: [] },
    info: {},
  };
  const cases: [string, SchemaName, unknown, string][] = [
    [
      "no object",
      "scan",
      5,
      "expected a scan as Redis holds it (JSON at `esrf:scan:<pk>`), blissdata protocol version 1, found 5",
    ],
    [
      "a missing field",
      "scan",
      { ...scan[0], id: undefined },
      '"id" is missing: expected what scans are searched by',
    ],
    [
      "a field of another type",
      "scan",
      { ...scan[0], id: { name: "ascan", number: "12", data_policy: "ESRF" } },
      'id.number: expected the number of the scan in its data set (an integer), found "12"',
    ],
    [
      "an unknown dtype",
      "scan",
      { ...scan[0], data_streams: { "sim:diode": stream } },
      'data_streams["sim:diode"].encoding.dtype_str: expected a NumPy array-interface string of a number or boolean, with its byte order: "<f8", ">i2", "|u1", found "float"',
    ],
    [
      "an unknown encoding",
      "scan",
      { ...scan[0], data_streams: { diode: { ...stream, encoding: { type: "msgpack" } } } },
      'data_streams.diode.encoding: expected how points are written: numeric or json, found an object of type "msgpack"',
    ],
    [
      "a bad channel",
      "scan-info",
      { channels: { "sim:diode": { dim: "0" } } },
      'channels["sim:diode"].dim: expected the dimensions of one point: 0 scalar, 1 spectrum, 2 image, found "0"',
    ],
    [
      "a value that is none of the allowed",
      "scan-info",
      { channels: { roby: { axis_kind: "zigzag" } } },
      'channels.roby.axis_kind: expected one of forth, backnforth, step, found "zigzag"',
    ],
    [
      "images without files",
      "stream-lima",
      { dtype: "uint16", shape: [4, 4], lima_info: { frame_per_acquisition: 1, file_path: "a_%04d.h5" } },
      'lima_info: "file_format" is missing, which goes with "file_path"; lima_info: "file_offset" is missing, which goes with "file_path"; lima_info: "frame_per_file" is missing, which goes with "file_path"',
    ],
    [
      "a master file of one part",
      "stream-lima2",
      { dtype: "uint16", shape: [4], master_file: ["a.h5"] },
      "master_file: expected [file path, data path] of the saved frames, or null, found a list of 1",
    ],
    ["a sequence that is none", "stream-scan-sequence", {}, '"plugin" is missing; "format" is missing'],
    [
      "a relative file",
      "stream-hdf5-fallback",
      { plugin: "hdf5_fallback", file_path: "a.h5", data_path: "/x" },
      'file_path: expected the absolute path of the file, found "a.h5"',
    ],
    ["an unknown unit", "stream-plain", { unit: 5 }, "unit: expected the unit of the data, or null, found 5"],
    ["an unknown setting", "writer-config", { rots: ["/data"] }, 'unknown field "rots"'],
    [
      "a node of unknown type",
      "mapping",
      { type: "group", items: { "1.1": { type: "dataset" } } },
      'items["1.1"]: expected a group, a dataset or a link, found an object of type "dataset"',
    ],
    [
      "a link without target",
      "mapping",
      { type: "group", items: { a: { type: "softlink" } } },
      'items.a: "target" is missing: expected the path the link points to',
    ],
    [
      "a tuple of unknown kind",
      "mapping-tuples",
      [{}, { a: [{}, "VALUE", 5] }],
      '[1].a: expected a tuple: [attributes, children], [attributes, "RAW", value] or [attributes, "STREAM", name], found a list of 3',
    ],
  ];
  test.each(cases)("says what is wrong with %s", (_, name, document, message) => {
    expect(listProblems(documentProblems(name, document))).toBe(message);
  });
});

describe("checking without ajv", () => {
  const { $defs } = readSchema("h5maps");
  const named = $defs as Record<string, Schema>;
  const definition = (reference: string): unknown => named[reference.split("/").at(-1) ?? ""];
  const ajv = new Ajv2020({ allowUnionTypes: true, keywords: ["tsType"] });
  ajv.addSchema(readSchema("h5maps"));

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
    const validate = ajv.getSchema(`h5maps.schema.json#/$defs/${name}`);
    const check = (value: unknown) => {
      if (accepts(schema, value, definition))
        expect({ value, valid: validate?.(value) }).toEqual({ value, valid: true });
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
