import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { mapping, NdArray } from "../../src/index.js";
import { readDataItem } from "../../src/mapping/items/data-item.js";
import { runPythonFile } from "../support/python.js";

const SCRIPT = fileURLToPath(new URL("read_builder.py", import.meta.url));

interface Seen {
  readonly type: string;
  readonly attributes: Record<string, unknown>;
  readonly value?: unknown;
  readonly fields?: unknown;
}

const VALUES: Record<string, mapping.ValueInput> = {
  text: "αβγ",
  empty: "",
  integer: 2,
  decimal: 2.5,
  mixed: [1, 2.5],
  truth: [true, false],
  none: [],
  bigint: 2n ** 63n - 1n,
  missing: [1, Number.NaN],
  large: 1e300,
  date: new Date(0),
  floats: Float32Array.of(1, 2.5),
  unsigned: BigUint64Array.of(2n ** 64n - 1n),
  image: new NdArray(Uint16Array.of(1, 2, 3, 4), [2, 2], "<u2"),
  big: mapping.inlineB64([1, 2], { dtype: ">f8" }),
  half: mapping.inline("float16", [1, Number.POSITIVE_INFINITY]),
  byte: mapping.inline("int8", -128),
  complex: mapping.inline("complex128", ["(1+2j)", "1j"]),
};

test("blissdata reads what the builder makes", async () => {
  const built = mapping.root({
    "1.1": mapping.entry({
      ...VALUES,
      table: mapping.compound({ x: Float32Array.of(1, 2), n: [3, 4] }),
      diode: mapping.stream("diode", { units: "V", gain: mapping.inline("float32", 2) }),
      soft: mapping.softLink("diode"),
      external: mapping.externalLink("raw/cam.h5", "/entry"),
      raw: mapping.externalBinary(
        { dtype: "<u2", shape: [4], files: [{ name: "a.raw" }] },
        { units: "counts" },
      ),
      virtual: mapping.virtual({
        dtype: "<f8",
        shape: [2],
        sources: [
          { dataset: "/x", from: { start: [0], count: [2], stride: [2] }, to: { start: [0], count: [2] } },
        ],
      }),
    }),
  });
  const seen = new Map(
    Object.entries(JSON.parse(await runPythonFile(SCRIPT, [JSON.stringify(built)])) as Record<string, Seen>),
  );

  const ours = Object.fromEntries(Object.keys(VALUES).map((name) => [name, ourArray(built, name)]));
  const theirs = Object.fromEntries(
    Object.keys(VALUES).map((name) => [name, seen.get(`/1.1/${name}`)?.value]),
  );
  expect(theirs).toEqual(ours);
  expect(seen.get("")).toMatchObject({
    type: "group",
    attributes: { NX_class: { dtype: "str", texts: ["NXroot"] } },
  });
  expect(seen.get("/1.1/table")?.value).toEqual({
    dtype: [
      ["x", "<f4"],
      ["n", "<i8"],
    ],
    shape: [2],
  });
  expect(seen.get("/1.1/diode")).toMatchObject({
    type: "dataset",
    value: { stream: "diode" },
    attributes: { units: { texts: ["V"] }, gain: { dtype: "<f4", hex: "00000040" } },
  });
  expect(seen.get("/1.1/soft")?.fields).toEqual({ target_path: "diode" });
  expect(seen.get("/1.1/external")?.fields).toEqual({ target_file: "raw/cam.h5", target_path: "/entry" });
  expect(seen.get("/1.1/raw")?.fields).toMatchObject({
    dtype: "<u2",
    files: [{ name: "a.raw", offset: 0, size: null }],
  });
  expect(seen.get("/1.1/virtual")?.fields).toMatchObject({
    virtual_sources: [
      { src_file: ".", src_dataset: "/x", src_space: { start: [0], stride: [2], count: [2] } },
    ],
  });
});

/** The array that we read from a value of the built entry, in the words of the script. */
function ourArray(built: ReturnType<typeof mapping.root>, name: string): unknown {
  const entry = built.children?.["1.1"] as ReturnType<typeof mapping.group>;
  const { dtype, shape, data } = readDataItem(entry.children?.[name], () => {});
  if (data instanceof Uint8Array) return { dtype, shape, hex: Buffer.from(data).toString("hex") };
  return { dtype, shape, texts: data };
}
