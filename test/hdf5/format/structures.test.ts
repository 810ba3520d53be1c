import { describe, expect, test } from "vitest";
import { ChunkIndex } from "../../../src/hdf5/engine/chunk-index.js";
import { encodeAttribute, parseAttribute } from "../../../src/hdf5/format/attribute.js";
import { encodeNode, nodeSize, parseNode } from "../../../src/hdf5/format/btree.js";
import { readRecords } from "../../../src/hdf5/format/btree-v2.js";
import { ByteReader, ByteWriter } from "../../../src/hdf5/format/bytes.js";
import { encodeDataspace, parseDataspace } from "../../../src/hdf5/format/dataspace.js";
import { encodeDatatype, parseDatatype, storedSize } from "../../../src/hdf5/format/datatype.js";
import { encodeExternalFiles, encodeNames } from "../../../src/hdf5/format/external-files.js";
import {
  encodeCollectionHeader,
  encodeFree,
  encodeObject,
  parseCollection,
} from "../../../src/hdf5/format/global-heap.js";
import { encodeLayout, parseLayout } from "../../../src/hdf5/format/layout.js";
import { encodeLink, parseLink } from "../../../src/hdf5/format/link.js";
import { lookup3 } from "../../../src/hdf5/format/lookup3.js";
import {
  encodeContinuation,
  encodeFill,
  encodePipeline,
  parseFill,
  parsePipeline,
} from "../../../src/hdf5/format/messages.js";
import { encodeNote, parseNote } from "../../../src/hdf5/format/note.js";
import { encodeChunk, readHeader } from "../../../src/hdf5/format/object-header.js";
import { encodeSuperblock, parseSuperblock } from "../../../src/hdf5/format/superblock.js";
import { readSymbolTable } from "../../../src/hdf5/format/symbol-table.js";
import { encodeVirtualBlock } from "../../../src/hdf5/format/virtual-block.js";
import type { DType } from "../../../src/ndarray/dtype.js";
import { h5py, temporaryFolder } from "../support/files.js";

const folder = temporaryFolder();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("the checksum", () => {
  test("is that of lookup3's published examples", () => {
    expect(lookup3(Buffer.from(""))).toBe(0xdeadbeef);
    expect(lookup3(Buffer.from("Four score and seven years ago"))).toBe(0x17770551);
  });
});

describe("bytes", () => {
  test.each([Number.NaN, 1.5, -1, 2 ** 53])("%d is no length or address", (value) => {
    expect(() => new ByteWriter().u64(value)).toThrow(RangeError);
  });

  test("grow with what is written, and refuse to be read beyond the end", () => {
    const writer = new ByteWriter(1).u8(1, 2).u16(3).u32(4).u64(5).u64(undefined).ascii("ab").pad(8);
    const reader = new ByteReader(writer.done());
    expect([reader.u8(), reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.u64()]).toEqual([
      1,
      2,
      3,
      4,
      5,
      undefined,
    ]);
    reader.skip(8);
    expect(reader.left).toBe(0);
    expect(() => reader.bytes(1)).toThrow(RangeError);
  });
});

describe("superblocks", () => {
  test.each([0, 1, 2, 3])("of version %i say where the root and the end are", (version) => {
    const block = {
      version,
      flags: 0,
      base: 0,
      sizes: [8, 8] as const,
      extension: undefined,
      driver: undefined,
      eof: 4096,
      root: 96,
    };
    const whole = Buffer.alloc(100);
    const { at, bytes } = encodeSuperblock(block);
    Buffer.from("894844460d0a1a0a", "hex").copy(whole);
    whole[8] = version;
    whole.set([8, 8], version < 2 ? 13 : 9);
    whole.set(bytes, at);
    expect(parseSuperblock(whole)).toEqual(block);
  });

  test("with a wrong checksum are damaged, other bytes are none", () => {
    const block = {
      version: 2,
      flags: 0,
      base: 0,
      sizes: [8, 8] as const,
      extension: undefined,
      driver: undefined,
      eof: 1,
      root: 2,
    };
    const { bytes } = encodeSuperblock(block);
    bytes[30] = 9;
    expect(() => parseSuperblock(bytes)).toThrow(RangeError);
    expect(parseSuperblock(Buffer.alloc(100))).toBeUndefined();
  });
});

describe("datatypes", () => {
  const TYPES: DType[] = [
    "|b1",
    "|i1",
    ">u2",
    "<i8",
    "<f2",
    ">f4",
    "<f8",
    "<f16",
    "<c8",
    ">c16",
    "<c32",
    "|S5",
    "str",
  ];

  test.each(TYPES)("%s are read as they were written", (dtype) => {
    expect(parseDatatype(encodeDatatype(dtype))).toEqual(dtype);
  });

  test("of compounds keep names, offsets, arrays and nested compounds", () => {
    const dtype: DType = [
      ["a", "<i4"],
      ["é", "str"],
      ["v", "|b1", [2, 3]],
      ["n", [["x", "<c16"]]],
    ];
    expect(parseDatatype(encodeDatatype(dtype))).toEqual(dtype);
    expect(storedSize(dtype)).toBe(4 + 16 + 6 + 16);
  });

  test("are the bytes that h5py writes", async () => {
    const names = ["int8", ">u2", "<i8", "float16", ">f4", "float64", "longdouble", ">c8", "complex128"];
    const theirs = await h5py(
      folder("types"),
      `print(json.dumps([[np.dtype(n).str, h5py.h5t.py_create(np.dtype(n), logical=True).encode().hex()[4:]] for n in ${JSON.stringify(names)}]))`,
    );
    for (const [dtype, bytes] of JSON.parse(theirs) as [string, string][]) {
      if (!dtype.includes("c")) expect(hex(encodeDatatype(dtype)), dtype).toBe(bytes);
      expect(parseDatatype(Buffer.from(bytes, "hex")), dtype).toBe(dtype);
    }
  });

  test("that cannot be stored are refused", () => {
    for (const dtype of ["json", "O", "|S0", "<f3"])
      expect(() => storedSize(dtype)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }));
    expect(parseDatatype(Buffer.from("170000000800000000", "hex"))).toBeUndefined();
  });
});

describe("messages are read as they were written:", () => {
  test("dataspaces", () => {
    for (const space of [
      { shape: null },
      { shape: [] },
      { shape: [3, 0] },
      { shape: [3, 4], maxshape: [null, 4] },
    ]) {
      expect(parseDataspace(encodeDataspace(space))).toEqual(space);
    }
  });

  test("links of all kinds, with long names", () => {
    for (const link of [
      { kind: "hard", address: 4711 },
      { kind: "soft", target: "/é" },
      { kind: "external", file: "a.h5", path: "/b" },
    ] as const) {
      for (const name of ["x", "µ".repeat(200)])
        expect(parseLink(encodeLink(name, 7, link))).toEqual({ name, order: 7, link });
    }
  });

  test("attributes", () => {
    const parts = {
      name: "ä",
      datatype: encodeDatatype("<f8"),
      dataspace: encodeDataspace({ shape: [] }),
      data: Buffer.alloc(8, 1),
    };
    expect(parseAttribute(encodeAttribute(parts))).toEqual({
      ...parts,
      nameBytes: Buffer.from("ä"),
      shared: false,
    });
  });

  test("layouts", () => {
    for (const layout of [
      { kind: "contiguous", address: undefined, size: 0 },
      { kind: "contiguous", address: 512, size: 80 },
      { kind: "chunked", index: undefined, chunks: [10, 2], itemsize: 4 },
      { kind: "virtual", heap: 4096, object: 3 },
    ] as const) {
      expect(parseLayout(encodeLayout(layout))).toEqual(layout);
    }
  });

  test("fill values and filters", () => {
    expect(parseFill(encodeFill("late", undefined))).toBeUndefined();
    expect(parseFill(encodeFill("incremental", Buffer.from([1, 2])))).toEqual(Buffer.from([1, 2]));
    const filters = [
      { id: 2, values: [8] },
      { id: 1, values: [4] },
    ];
    expect(parsePipeline(encodePipeline(filters))).toEqual(filters);
  });

  test("notes, which a changed byte makes void", () => {
    const note = { eof: 10, end: 9, list: 8, entries: 1, scratchStart: 2 ** 40, scratchEnd: 2 ** 40 + 1 };
    const bytes = encodeNote(note);
    expect(parseNote(bytes)).toEqual(note);
    bytes[20] = 1;
    expect(parseNote(bytes)).toBeUndefined();
  });
});

describe("object headers", () => {
  test("fill free room with a NIL message or, below six bytes, with zeros", async () => {
    for (const room of [0, 3, 6, 50]) {
      const message = { type: 12, flags: 1, order: 5, body: Buffer.from("body") };
      const bytes = encodeChunk(true, 8 + 10 + room + 4, [message]);
      const header = await readHeader(
        async (address, length) => bytes.subarray(address, address + length),
        0,
      );
      expect(header.chunks[0]?.messages).toEqual([message]);
    }
    expect(() => encodeChunk(false, 12, [{ type: 1, flags: 0, order: 0, body: Buffer.alloc(9) }])).toThrow(
      RangeError,
    );
  });

  test("with a changed byte are damaged", async () => {
    const bytes = encodeChunk(true, 40, []);
    bytes[20] = 1;
    await expect(readHeader(async () => bytes, 0)).rejects.toThrow(RangeError);
  });
});

describe("chunk index nodes", () => {
  test("are as long as the library expects, and read as written", () => {
    expect([1, 2, 3].map(nodeSize)).toEqual([2096, 2616, 3136]);
    const entries = [
      { size: 10, mask: 1, offsets: [0, 0], child: 100 },
      { size: 11, mask: 0, offsets: [5, 0], child: 200 },
    ];
    const node = { level: 0, left: undefined, right: 77, entries, bound: [100, 0] };
    expect(parseNode(encodeNode(node, 2), 2)).toEqual(node);
  });
});

describe("structures that refer to themselves", () => {
  test("are damaged: headers, indices of old and new groups, chunk indices", async () => {
    const image = Buffer.alloc(8192);
    const read = async (address: number, length: number): Promise<Buffer> =>
      image.subarray(address, address + length);
    const continuation = { type: 0x10, flags: 0, order: 0, body: encodeContinuation(512, 64) };
    image.set(encodeChunk(true, 64, [continuation]), 0);
    image.set(encodeChunk(false, 64, [continuation]), 512);
    await expect(readHeader(read, 0)).rejects.toThrow("circles");

    image.set(new ByteWriter().ascii("HEAP").u8(0, 0, 0, 0).u64(8).u64(1).u64(1024).done(), 1024);
    const groupNode = new ByteWriter().ascii("TREE").u8(0, 3).u16(1).u64(undefined).u64(undefined);
    image.set(groupNode.u64(0).u64(2048).u64(8).done(), 2048);
    await expect(readSymbolTable(read, 2048, 1024)).rejects.toThrow("out of level");

    const head = new ByteWriter().ascii("BTHD").u8(0, 5).u32(512).u16(11).u16(9).u8(98, 40).u64(3072).u16(2);
    image.set(head.u64(2).u32(0).done(), 4000);
    const inner = new ByteWriter().ascii("BTIN").u8(0, 5).zeros(22);
    for (let i = 0; i < 3; i++) inner.u64(3072).u8(2).u16(2);
    image.set(inner.done(), 3072);
    await expect(readRecords(read, 4000)).rejects.toThrow("two places");

    const entries = [{ size: 0, mask: 0, offsets: [0], child: 5000 }];
    const bound = [2 ** 40];
    image.set(encodeNode({ level: 1, left: undefined, right: undefined, entries, bound }, 1), 5000);
    const index = new ChunkIndex([4], () => 8000, read);
    await expect(index.open(5000)).rejects.toThrow("out of level");
  });
});

describe("global heaps", () => {
  test("give objects back by index, up to the free space", () => {
    const objects = [encodeObject(1, Buffer.from("abc")), encodeObject(2, Buffer.alloc(0))];
    const bytes = Buffer.concat([encodeCollectionHeader(4096), ...objects, encodeFree(4096 - 16 - 24 - 16)]);
    expect([...parseCollection(bytes)].map(([index, data]) => [index, data.toString()])).toEqual([
      [1, "abc"],
      [2, ""],
    ]);
    expect(encodeFree(15)).toHaveLength(0);
  });
});

describe("virtual mappings and raw files", () => {
  test("have selections of 64-bit regular hyperslabs, unlimited ones included, and a checksum", () => {
    const all = { start: [1], stride: [2], count: [null], block: [3] };
    const selection = `0200000002000000012400000001000000${"0100000000000000"}${"0200000000000000"}${"f".repeat(16)}${"0300000000000000"}`;
    const block = encodeVirtualBlock([{ file: ".", dataset: "/x", source: all, target: all }]);
    expect(hex(block.subarray(0, -4))).toBe(`00${"0100000000000000"}2e002f7800${selection}${selection}`);
    expect(block.readUInt32LE(block.length - 4)).toBe(lookup3(block, block.length - 4));
  });

  test("have places beyond 4 GiB", () => {
    const far = { start: [2 ** 52 + 3], stride: [1], count: [2 ** 33], block: [1] };
    const block = encodeVirtualBlock([{ file: ".", dataset: "/x", source: far, target: far }]);
    expect(new ByteReader(block, 31).u64()).toBe(2 ** 52 + 3);
    expect(new ByteReader(block, 47).u64()).toBe(2 ** 33);
  });

  test("name files in a local heap, the last one to its end", () => {
    const files = [
      { name: "a.raw", offset: 8, size: 100 },
      { name: "b", offset: 0, size: null },
    ];
    const { bytes, offsets } = encodeNames(files, 512);
    expect(offsets).toEqual([8, 16]);
    expect(new ByteReader(bytes, 24).u64()).toBe(544);
    expect(hex(encodeExternalFiles(files, 512, offsets)).slice(-16)).toBe("f".repeat(16));
  });
});
