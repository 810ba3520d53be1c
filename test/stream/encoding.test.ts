import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NdArray } from "../../src/index.js";
import { requireNumeric, sizeOfShape } from "../../src/ndarray/dtype.js";
import { createEncoding, parseEncoding } from "../../src/stream/encoding.js";
import { decodePoints } from "../../src/stream/points.js";

const DTYPES =
  "|b1 |i1 |u1 <i2 >i2 <u2 >u2 <i4 >i4 <u4 >u4 <i8 >i8 <u8 >u8 <f2 >f2 <f4 >f4 <f8 >f8 <f16 >f16 <c8 >c8 <c16 >c16 <c32".split(
    " ",
  );

/** Bytes that are a number in the dtype, whatever they are. */
const raw = (dtype: string, count: number) => {
  const { itemsize, kind } = requireNumeric(dtype);
  const byte = kind === "b" ? fc.integer({ min: 0, max: 1 }) : fc.integer({ min: 0, max: 255 });
  return fc
    .array(byte, { minLength: count * itemsize, maxLength: count * itemsize })
    .map((b) => Uint8Array.from(b));
};

const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });

describe("numbers", () => {
  test("come back byte for byte, every dtype and shape", () => {
    const points = fc
      .record({ dtype: fc.constantFrom(...DTYPES), shape: shapes, count: fc.integer({ min: 1, max: 4 }) })
      .chain((what) =>
        raw(what.dtype, what.count * sizeOfShape(what.shape)).map((data) => ({ ...what, data })),
      );
    fc.assert(
      fc.property(points, fc.boolean(), ({ dtype, shape, count, data }, varying) => {
        const declared = varying && shape.length > 0 ? [-1, ...shape.slice(1)] : shape;
        const encoding = createEncoding(dtype, declared);
        const { payload, length } = encoding.encode({ dtype, shape: [count, ...shape], data });
        expect(length).toBe(count);
        const decoded = parseEncoding(encoding.description, "x").decode(payload, length);
        expect(decoded.shape).toEqual([count, ...shape]);
        expect(Buffer.compare(decoded.data as Uint8Array, data)).toBe(0);
      }),
    );
  });

  test("given as nested arrays, typed arrays and NdArrays are the same", () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 12 }), shapes, (values, shape) => {
        const size = sizeOfShape(shape);
        const count = Math.max(1, Math.floor(values.length / size));
        const flat = Float64Array.from({ length: count * size }, (_, i) => values[i % values.length] ?? 0);
        const array = new NdArray(flat, [count, ...shape], "<f8");
        for (const dtype of ["<f8", ">f8"]) {
          const encoding = createEncoding(dtype, shape);
          const sent = [flat, array, array.toNested()].map((input) => encoding.encode(input));
          for (const { payload, length } of sent) {
            expect(length).toBe(count);
            expect(Buffer.compare(payload, sent[0]?.payload ?? Buffer.of())).toBe(0);
          }
        }
      }),
    );
  });

  test("have one dtype under all its names", () => {
    for (const dtype of ["float64", "=f8", "<f8"]) expect(createEncoding(dtype).dtype).toBe("<f8");
    for (const dtype of ["uint8", "<u1", "=u1", "|u1"]) expect(createEncoding(dtype).dtype).toBe("|u1");
  });

  test("of different shapes are padded at their ends, NaN for floats and 0 for integers", () => {
    const pad = (dtype: string, a: unknown, b: unknown) => {
      const encoding = createEncoding(dtype, [-1, -1]);
      const blocks = [a, b].map((point) => {
        const { payload, length } = encoding.encode(point);
        const { data } = encoding.decode(payload, length);
        return { dtype, shape: encoding.decode(payload, length).shape ?? [], data };
      });
      return decodePoints(blocks, dtype, [-1, -1]).toNested();
    };
    const [a, b] = [
      [
        [1, 2],
        [3, 4],
      ],
      [[5], [6], [7]],
    ];
    expect(pad("<i4", a, b)).toEqual([
      [
        [1, 2],
        [3, 4],
        [0, 0],
      ],
      [
        [5, 0],
        [6, 0],
        [7, 0],
      ],
    ]);
    const nan = Number.NaN;
    expect(pad(">f4", a, b)).toEqual([
      [
        [1, 2],
        [3, 4],
        [nan, nan],
      ],
      [
        [5, nan],
        [6, nan],
        [7, nan],
      ],
    ]);
  });

  test.each<[string, string, number[], unknown]>([
    ["out of range", "|u1", [], 300],
    ["that are no integers", "<i4", [], 1.5],
    ["of the wrong shape", "<f8", [2], [1, 2, 3]],
    ["of a ragged shape", "<f8", [-1], [[1, 2], [3]]],
    ["that do not fill points", "<f8", [2], Float64Array.of(1, 2, 3)],
    ["that are none", "<f8", [], "1"],
    ["that are empty", "<f8", [], []],
    ["that are empty spectra", "<f8", [-1], new Float64Array()],
    ["that are flat where two axes vary", "<f8", [-1, -1], Float64Array.of(1, 2)],
    ["in raw bytes of another dtype", "<f8", [], { dtype: "<f4", shape: [1], data: new Uint8Array(4) }],
    ["in too few raw bytes", "<f8", [], { dtype: "<f8", shape: [2], data: new Uint8Array(8) }],
  ])("%s are refused", (_, dtype, shape, points) => {
    expect(() => createEncoding(dtype, shape).encode(points)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }),
    );
  });
});

describe("JSON values", () => {
  test("come back as they were, big integers too", () => {
    const encoding = createEncoding("json");
    const values = fc.oneof(
      fc.jsonValue().filter((value) => !Object.is(JSON.parse(JSON.stringify(value)), -0)),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }),
    );
    fc.assert(
      fc.property(values, (value) => {
        const { payload, length } = encoding.encode(value);
        const decoded = encoding.decode(payload, length).data[0];
        const plain = typeof value === "bigint" ? value : JSON.parse(JSON.stringify(value));
        expect(decoded).toEqual(plain);
      }),
    );
  });
});

describe("points that cannot be sent say why", () => {
  const circle: unknown[] = [];
  circle.push(circle);

  test.each([
    [
      "a circle",
      "json",
      [],
      circle,
      /^A value without a JSON form: Converting circular structure to JSON\.$/,
    ],
    ["null", "<f8", [], null, /^Expected a number, got object null\.$/],
    ["a table as scalars", "<f8", [], [[1, 2]], /shape \[\] or several of shape \[n\], got shape \[1,2\]/],
    ["a point as images", "<u2", [2, 2], 1, /shape \[2,2\] or several of shape \[n,2,2\], got shape \[\]/],
  ])("%s", (_, dtype, shape, points, message) => {
    expect(() => createEncoding(dtype, shape).encode(points)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARGUMENT", message: expect.stringMatching(message) }),
    );
  });
});
