import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NdArray } from "../../../src/ndarray/ndarray.js";
import { type AxisSelection, resolveSelection } from "../../../src/ndarray/slice.js";
import { EdfFile } from "../../../src/stream/plugins/edf.js";
import { parseEdfHeader } from "../../../src/stream/plugins/edf-header.js";

const golden = new URL(
  "../../../fixtures/scan-info/17_lima_edf/files/scan0001/cam_0001.edf",
  import.meta.url,
);
let folder: string;
let counter = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-edf-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Block {
  fields: Record<string, string | number>;
  data?: Uint8Array;
  padding?: number;
}

async function edfFile(blocks: readonly Block[]): Promise<string> {
  const path = join(folder, `${counter++}.edf`);
  const parts = blocks.flatMap(({ fields, data, padding = 512 }) => {
    const lines = Object.entries(fields).map(([name, value]) => `${name} = ${value} ;\n`);
    const text = `{\n${lines.join("")}`;
    const length = Math.ceil((text.length + 2) / padding) * padding;
    return [Buffer.from(`${text.padEnd(length - 2)}}\n`), data ?? Buffer.alloc(0)];
  });
  await writeFile(path, Buffer.concat(parts));
  return path;
}

function imageFields(dtype: string, shape: readonly number[]): Record<string, string | number> {
  const types: Record<string, string> = {
    "|u1": "UnsignedByte",
    "|i1": "SignedByte",
    u2: "UnsignedShort",
    i2: "SignedShort",
    u4: "UnsignedInteger",
    i4: "SignedInteger",
    u8: "Unsigned64",
    i8: "Signed64",
    f4: "FloatValue",
    f8: "DoubleValue",
  };
  return {
    HeaderID: "EH:000001:000000:000000",
    ByteOrder: dtype.startsWith(">") ? "HighByteFirst" : "LowByteFirst",
    DataType: types[dtype.startsWith("|") ? dtype : dtype.slice(1)] ?? "?",
    ...Object.fromEntries([...shape].reverse().map((length, i) => [`Dim_${i + 1}`, length])),
  };
}

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + 3) % 251);

describe("files of a real writer", () => {
  test("every frame of a file with several", async () => {
    await using file = await EdfFile.open(golden.pathname);
    const frame = await file.frame(1);
    expect(frame).toMatchObject({ dtype: "<u2", shape: [4, 6], offset: 1072, byteLength: 48 });
    expect(frame.header.get("EDF_DATABLOCKID")).toBe("1.Image.Psd");
    const image = NdArray.fromRaw(await file.read(1));
    expect(image.shape).toEqual([4, 6]);
  });

  test("a frame that the file does not hold", async () => {
    await using file = await EdfFile.open(golden.pathname);
    await expect(file.read(2)).rejects.toMatchObject({ code: "ERR_DATA_FILE", index: 2 });
  });
});

describe("images", () => {
  test("any part of any frame is what the whole frame has there", async () => {
    const selection = fc.oneof(
      fc.constant(null),
      fc.tuple(
        fc.option(fc.integer({ min: -9, max: 9 })),
        fc.option(fc.integer({ min: -9, max: 9 })),
        fc.constantFrom(1, 2, 3, -1, -2),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("|u1", "|i1", "<u2", ">i2", "<f4", ">u4", ">f8", "<i8"),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
        fc.array(selection, { maxLength: 3 }),
        fc.integer({ min: 1, max: 3 }),
        async (dtype, shape, selections, frames) => {
          const itemsize = Number(dtype.slice(2));
          const size = shape.reduce((a, b) => a * b, itemsize);
          const all = bytes(size * frames);
          const path = await edfFile(
            Array.from({ length: frames }, (_, i) => ({
              fields: imageFields(dtype, shape),
              data: all.subarray(i * size, (i + 1) * size),
            })),
          );
          await using file = await EdfFile.open(path);
          const ranges = resolveSelection(selections.slice(0, shape.length) as AxisSelection[], shape);
          const part = await file.read(frames - 1, ranges);
          const whole = NdArray.fromRaw({ dtype, shape, data: all.slice((frames - 1) * size) });
          const decoded = NdArray.fromRaw(part);
          expect(decoded.shape).toEqual(ranges.map(({ count }) => count));
          for (const indices of positions(decoded.shape)) {
            const source = indices.map((index, axis) => {
              const range = ranges[axis];
              return range ? range.start + index * range.step : index;
            });
            expect(decoded.get(...indices)).toEqual(whole.get(...source));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a general block before the images is no frame", async () => {
    const path = await edfFile([
      { fields: { EDF_DataFormatVersion: "2.40", EDF_BinarySize: 0 } },
      { fields: { EDF_BinarySize: 16, ...imageFields("<u2", [2, 2]) }, data: bytes(16) },
      { fields: imageFields("<u2", [2, 2]), data: bytes(8) },
    ]);
    await using file = await EdfFile.open(path);
    expect((await file.read(1)).data).toEqual(bytes(8));
  });

  test("headers of many blocks, with carriage returns and NUL characters", async () => {
    const path = await edfFile([
      {
        fields: { Comment: "x".repeat(9000), "Odd\0": "\0 1\r", ...imageFields(">i2", [3]) },
        data: bytes(6),
        padding: 1024,
      },
    ]);
    await using file = await EdfFile.open(path);
    expect(await file.read(0)).toEqual({ dtype: ">i2", shape: [3], data: bytes(6) });
  });

  test("the file is closed once, however often close() is called", async () => {
    const file = await EdfFile.open(golden.pathname);
    await Promise.all([file.close(), file.close()]);
    await expect(file.read(0)).rejects.toThrow();
  });

  test("an aborted read rejects with the signal's reason", async () => {
    await using file = await EdfFile.open(golden.pathname);
    const reason = new Error("enough");
    await expect(file.read(0, undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("files that cannot be read", () => {
  test("missing", async () => {
    await expect(EdfFile.open(join(folder, "no.edf"))).rejects.toMatchObject({
      code: "ERR_DATA_FILE_MISSING",
      path: join(folder, "no.edf"),
    });
  });

  test("cut within an image", async () => {
    const path = await edfFile([{ fields: imageFields("<u2", [4, 4]), data: bytes(20) }]);
    await using file = await EdfFile.open(path);
    await expect(file.read(0)).rejects.toThrow("incomplete");
  });

  test("cut within a header", async () => {
    const path = join(folder, "cut.edf");
    await writeFile(path, "{\nDim_1 = 5 ;\n");
    await using file = await EdfFile.open(path);
    await expect(file.read(0)).rejects.toThrow("header without end");
  });

  test("no EDF file at all", async () => {
    const path = join(folder, "text.edf");
    await writeFile(path, "hello, world");
    await using file = await EdfFile.open(path);
    await expect(file.read(0)).rejects.toThrow("is no EDF file");
  });

  test.each([
    ["compressed", { Compression: "GZIP" }, "ERR_FILE_FORMAT"],
    ["with the data in another file", { EDF_BinaryFileName: "x.bin" }, "ERR_FILE_FORMAT"],
    ["of unknown data type", { DataType: "Quaternion" }, "ERR_FILE_FORMAT"],
    ["of unknown byte order", { ByteOrder: "Middle" }, "ERR_FILE_FORMAT"],
    ["of negative size", { Dim_1: -5 }, "ERR_DATA_FILE"],
    ["of less data than the image has", { Size: 3 }, "ERR_DATA_FILE"],
  ])("images %s", async (_, extra, code) => {
    const path = await edfFile([{ fields: { ...imageFields("<u2", [2, 2]), ...extra }, data: bytes(8) }]);
    await using file = await EdfFile.open(path);
    await expect(file.read(0)).rejects.toMatchObject({ code, path });
  });

  test("random text never gives anything but a header, nothing, or a typed error", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseEdfHeader(`{${text}}\n`, "x.edf");
        } catch (error) {
          expect(error).toHaveProperty("code");
        }
      }),
    );
  });
});

function positions(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, length) => all.flatMap((head) => Array.from({ length }, (_, i) => [...head, i])),
    [[]],
  );
}
