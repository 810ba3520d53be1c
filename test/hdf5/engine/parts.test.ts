import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Allocator } from "../../../src/hdf5/engine/allocator.js";
import { ChunkIndex } from "../../../src/hdf5/engine/chunk-index.js";
import { checkChunks, chooseChunks } from "../../../src/hdf5/engine/chunk-shape.js";
import { DataWrites } from "../../../src/hdf5/engine/data-writes.js";
import { applyFilters, shuffle, undoFilters, unshuffle } from "../../../src/hdf5/engine/filters.js";
import { Header } from "../../../src/hdf5/engine/header.js";
import { type Entry, entry } from "../../../src/hdf5/engine/header-chunk.js";
import { isOnNetwork, networkFileSystem } from "../../../src/hdf5/engine/network.js";
import { cutTile, pasteTile, tileGrid, widenRows } from "../../../src/hdf5/engine/tiles.js";
import { WriteLane } from "../../../src/hdf5/engine/write-lane.js";
import { Zones } from "../../../src/hdf5/engine/zones.js";
import { type ReadBytes, readHeader } from "../../../src/hdf5/format/object-header.js";
import { Memory } from "../../../src/reusable-memory.js";

/** A file in memory, for structures that only need to be written and read. */
class FileInMemory {
  bytes = Buffer.alloc(2 ** 20);
  readonly read: ReadBytes = async (address, length) => this.bytes.subarray(address, address + length);

  write({ address, bytes }: { readonly address: number; readonly bytes: Buffer }): void {
    while (address + bytes.length > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)]);
    bytes.copy(this.bytes, address);
  }
}

describe("the allocator", () => {
  test("never gives the same space twice, keeps alignment and pages", () => {
    const block = fc.record({
      size: fc.oneof(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 60_000, max: 300_000 })),
      inPage: fc.boolean(),
      give: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 200 }), (blocks) => {
        const allocator = new Allocator(100, 100, 0);
        const used: [number, number][] = [];
        for (const { size, inPage, give } of blocks) {
          const address = allocator.allocate(size, { inPage });
          expect(address % 8).toBe(0);
          if (inPage && size <= 4096) expect((address % 4096) + size).toBeLessThanOrEqual(4096);
          for (const [start, length] of used)
            expect(address >= start + length || address + size <= start).toBe(true);
          used.push([address, size]);
          const [back] = give === 0 ? used.splice(0, 1) : [];
          if (back) allocator.retire(...back);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("gives retired space out again only after the quarantine, discarded space at once", () => {
    let now = 0;
    const allocator = new Allocator(0, 0, 1000, () => now);
    const [first, second] = [allocator.allocate(64), allocator.allocate(64)];
    allocator.allocate(8);
    allocator.retire(first, 64);
    allocator.discard(second, 64);
    expect(allocator.allocate(64)).toBe(second);
    expect(allocator.allocate(64)).toBeGreaterThan(second);
    now = 1001;
    expect(allocator.allocate(64)).toBe(first);
  });

  test("joins free space that lies side by side for a large block, rather than lengthening the file", () => {
    const allocator = new Allocator(0, 0, 0);
    const [first, second] = [allocator.allocate(100_000), allocator.allocate(100_000)];
    allocator.allocate(8);
    allocator.discard(second, 100_000);
    allocator.discard(first, 100_000);
    const { end } = allocator;
    expect(allocator.allocate(150_000)).toBe(first);
    expect(allocator.end).toBe(end);
  });
});

describe("the zones of a file", () => {
  test("keep scratch space away from the end of what stays", () => {
    const zones = new Zones(1000, 1000, 0);
    const scratch = zones.allocateScratch(100);
    expect(scratch).toBeGreaterThan(2 ** 30);
    expect(zones.allocate(100)).toBe(1000);
    expect(zones.keptEnd).toBe(1104);
    expect(zones.end).toBe(scratch + 104);
  });

  test("grow around scratch space, which then is used for what stays", () => {
    const zones = new Zones(0, 0, 0);
    const scratch = zones.allocateScratch(2 ** 20);
    const large = zones.allocate(scratch + 8);
    expect(large).toBeGreaterThanOrEqual(scratch + 2 ** 20);
    expect(zones.allocateScratch(8)).toBeGreaterThan(large + scratch);
  });

  test("leave what a killed writer left in scratch space alone until it has been brought out of there", () => {
    const former = { start: 2 ** 20, end: 2 ** 21 };
    const zones = new Zones(2 ** 20 - 1000, 2 ** 22, 0, former);
    expect(zones.stays(former.start)).toBe(false);
    const before = zones.allocate(100_000);
    expect(before).toBe(former.end);
    zones.retire(former.start + 8, 100_000);
    expect(zones.allocate(100_000)).toBe(before + 100_000);
    expect(zones.unsettled).toEqual(former);
    zones.leaveFormer();
    const after = [zones.allocate(500_000), zones.allocate(500_000), zones.allocate(500_000)].sort(
      (a, b) => a - b,
    );
    expect(after).toEqual([former.start, former.start + 500_000, before + 200_000]);
    expect(zones.unsettled).toBeUndefined();
  });
});

describe("an object header", () => {
  test("keeps messages through additions, exchanges and removals, each step in one write of existing chunks", async () => {
    const step = fc.record({
      what: fc.constantFrom("add", "add", "replace", "remove"),
      size: fc.oneof(fc.nat(20), fc.nat(1500)),
      which: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const [memory, zones] = [new FileInMemory(), new Zones(8, 8, 0)];
        let header = new Header();
        const first = entry(6, Buffer.from("first"));
        const messages = [first];
        header.add(first);
        for (const { what, size, which } of steps) {
          const old = messages[which % Math.max(1, messages.length)];
          const added = entry(6, Buffer.alloc(size, which % 256));
          if (what === "add" || !old) {
            header.add(added);
            messages.push(added);
          } else if (what === "replace") {
            header.replace(old, added);
            messages[messages.indexOf(old)] = added;
          } else {
            header.remove(old);
            messages.splice(messages.indexOf(old), 1);
          }
          header.place(zones);
          const { fresh, rewrites } = header.writes();
          for (const { address, bytes } of rewrites)
            expect((address % 4096) + bytes.length).toBeLessThanOrEqual(4096);
          for (const write of [...fresh, ...rewrites]) memory.write(write);
          header.written();
        }
        header.place(zones);
        for (const write of header.writes().fresh) memory.write(write);
        const parsed = await readHeader(memory.read, header.address ?? 0);
        const bodies = (entries: readonly Entry[]): string[] =>
          entries.map((item) => item.encode().toString("hex")).sort((a, b) => (a < b ? -1 : 1));
        expect(bodies(header.entries)).toEqual(bodies(messages));
        header = Header.fromFile(parsed) ?? new Header();
        expect(bodies(header.entries)).toEqual(bodies(messages));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a chunk index", () => {
  test("keeps all chunks in order through appends, exchanges and reopening", async () => {
    const [memory, zones] = [new FileInMemory(), new Zones(8, 8, 0)];
    const allocate = (size: number, where: object): number => zones.allocate(size, where);
    let index = new ChunkIndex([10], allocate, memory.read);
    const expected: number[] = [];
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 150; i++) {
        index.append({ size: 1, mask: 0, offsets: [10 * expected.length] }, expected.length);
        expected.push(expected.length);
      }
      for (const at of [0, 63, 64, 149].map((i) => (i * (round + 1)) % expected.length)) {
        expected[at] = 1_000_000 + round;
        await index.replace({ size: 2, mask: 1, offsets: [10 * at] }, 1_000_000 + round);
      }
      const { fresh, publish, settle } = index.writes();
      for (const write of [...fresh, ...publish, ...settle]) memory.write(write);
      index.written();
      if (round % 10 === 9) {
        const { root } = index;
        index = new ChunkIndex([10], allocate, memory.read);
        await index.open(root ?? 0);
      }
    }
    const found: number[] = [];
    for await (const { child } of index.chunks()) found.push(child);
    expect(found).toEqual(expected);
    expect(await index.find([5])).toBeUndefined();
  });
});

describe("filters", () => {
  test("are undone to what was there, whatever the length", async () => {
    const filters = [
      { id: 2, values: [8] },
      { id: 1, values: [4] },
    ];
    for (const length of [0, 7, 8, 803]) {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 31) % 256));
      const { bytes: stored } = await applyFilters(Memory.lent(bytes), filters);
      expect(await undoFilters(stored, filters, 0, Buffer.alloc(length))).toEqual(bytes);
      await expect(undoFilters(stored, filters, 0, Buffer.alloc(length + 1))).rejects.toThrow(RangeError);
      const shuffled = Buffer.alloc(length);
      shuffle(bytes, shuffled, 4);
      expect(unshuffle(shuffled, 4)).toEqual(bytes);
    }
  });
});

describe("chunks of rows", () => {
  test("cut and pasted give the rows back, padding holds the fill value", () => {
    const grid = tileGrid([5, 7], [3, 2, 4], 2);
    const band = Buffer.from(Uint16Array.from({ length: 105 }, (_, i) => i + 1).buffer);
    const back = Buffer.alloc(band.length);
    const cut = (tile: number, to: number, rows = to): Buffer =>
      cutTile(grid, Memory.lent(band), tile, { from: 0, to, rows }, Buffer.from([255, 255])).bytes;
    for (let tile = 0; tile < grid.count; tile++) {
      const chunk = cut(tile, 3);
      expect(chunk.length).toBe(grid.tileBytes);
      pasteTile(grid, chunk, tile, 3, back);
    }
    expect(back).toEqual(band);
    expect(cut(grid.count - 1, 1).subarray(-2)).toEqual(Buffer.from([255, 255]));
    expect(cut(0, 1, 3).subarray(grid.tileRowBytes)).toEqual(Buffer.alloc(2 * grid.tileRowBytes, 255));
    expect(widenRows(Buffer.from([1, 2, 3, 4]), [2], [3], 1, Buffer.from([9]))).toEqual(
      Buffer.from([1, 2, 9, 3, 4, 9]),
    );
  });

  test("are about a MiB, whole images where they are not huge", () => {
    expect(chooseChunks([], 8)).toEqual([131_072]);
    expect(chooseChunks([1024], 4)).toEqual([256, 1024]);
    expect(chooseChunks([1000, 1000], 2)).toEqual([1, 1000, 1000]);
    expect(chooseChunks([4000, 4000], 4)).toEqual([1, 250, 4000]);
    expect(() => checkChunks([0], [5], [null], 8, "/x")).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }),
    );
    expect(checkChunks([10, 10], [0, 4], [null, 4], 8, "/x")).toEqual([10, 4]);
  });
});

describe("memory", () => {
  test("is used again when its last holder has released it, and not before", () => {
    const size = 54_321; // of no other test
    const first = Memory.of(size);
    first.bytes.fill(1);
    const part = first.part(10, 20);
    first.release();
    const second = Memory.of(size);
    second.bytes.fill(2);
    expect(part.bytes).toEqual(Buffer.alloc(10, 1));
    part.release();
    const third = Memory.of(size);
    expect(third.bytes.buffer).toBe(first.bytes.buffer);
    expect(third.bytes.buffer).not.toBe(second.bytes.buffer);
  });

  test("that was lent is never used again", () => {
    const size = 54_322;
    const lent = Memory.lent(Buffer.allocUnsafeSlow(size));
    lent.release();
    expect(Memory.of(size).bytes.buffer).not.toBe(lent.bytes.buffer);
  });
});

describe("network file systems", () => {
  test("are known by the types that the kernel gives them, signed or not; a local folder is none", async () => {
    expect([0x6969, 0xff534d42, 0xff534d42 | 0, 0x47504653].map(networkFileSystem)).toEqual([
      "NFS",
      "CIFS",
      "CIFS",
      "GPFS",
    ]);
    expect(networkFileSystem(0xef53)).toBeUndefined(); // ext4
    expect(await isOnNetwork("/proc")).toBe(false);
    expect(await isOnNetwork("/nowhere/at/all")).toBe(false);
  });
});

describe("data on the way to the file", () => {
  test("that failed are tried again by the next settling, and nothing is lost", async () => {
    const done: number[] = [];
    const disk = { room: 3 };
    const writes = new DataWrites(async (address) => {
      if (address >= disk.room) throw new Error("no room");
      done.push(address);
    });
    for (let address = 0; address < 20; address++) void writes.submit({ address, bytes: Buffer.alloc(10) });
    await expect(writes.settle()).rejects.toThrow("no room");
    await expect(writes.settle()).rejects.toThrow("no room");
    disk.room = 1000;
    await writes.settle();
    expect([...done].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(writes.pending).toBe(0);
  });

  test("goes out one large write at a time, joined where it lies together, small ones beside", async () => {
    const calls: { address: number; pieces: number; end(): void }[] = [];
    const lane = new WriteLane(
      (address, pieces) =>
        new Promise<void>((end) => void calls.push({ address, pieces: pieces.length, end })),
    );
    const MIB = 2 ** 20;
    const put = (address: number, size: number): Promise<void> =>
      lane.put({ address, bytes: Buffer.alloc(size) });
    const all = [put(0, MIB), put(MIB, MIB), put(2 * MIB, MIB), put(9 * MIB, 10), put(8 * MIB, 10)];
    const seen = (): string => calls.map(({ address, pieces }) => `${address / MIB}+${pieces}`).join(" ");
    expect(seen()).toBe("0+1");
    calls[0]?.end();
    await all[0];
    await setImmediate();
    expect(seen()).toBe("0+1 1+2");
    calls[1]?.end();
    await Promise.all(all.slice(0, 3));
    await setImmediate();
    expect(seen()).toBe("0+1 1+2 9+1 8+1");
    for (const { end } of calls) end();
    await Promise.all(all);
  });

  test("fails for all writes of a joined one, and for no other", async () => {
    const lane = new WriteLane(async (address) => {
      if (address === 10) throw new Error("no room");
    });
    const put = (address: number, size: number): Promise<void> =>
      lane.put({ address, bytes: Buffer.alloc(size) });
    const results = await Promise.allSettled([put(2 ** 20, 2 ** 20), put(10, 10), put(20, 10), put(40, 10)]);
    const statuses = results.map(({ status }) => status);
    expect(statuses).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  });
});
