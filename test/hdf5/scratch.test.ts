import { expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { DatasetOptions } from "../../src/hdf5/writer-api.js";
import { bytesOf, h5py, temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();

/** Bytes that nothing makes shorter: the `start`-th to `start + count`-th of a fixed sequence of 32-bit numbers. */
function noise(start: number, count: number): Uint8Array {
  return bytesOf(
    Uint32Array.from({ length: count }, (_, i) => Math.imul(start + i, 2654435761) ^ 0x5bd1e995),
  );
}

/** How many of the numbers that h5py finds are those of `noise`. */
async function right(path: string, count: number): Promise<string> {
  return await h5py(
    path,
    `d = h5py.File(path)["x"]; want = ((np.arange(${count}, dtype="u8") * 2654435761) & 0xffffffff).astype("u4") ^ 0x5bd1e995; print((d[:].ravel() == want).sum())`,
  );
}

const GZIP: DatasetOptions = { gzip: 4, shuffle: true, chunks: [1000], contiguousBelow: 0 };
const type = { dtype: "<u4", rowShape: [] };

test.each([
  ["shuffled only", { shuffle: true, chunks: [1000], contiguousBelow: 0 }],
  ["compressed", { gzip: 1, chunks: [1000], contiguousBelow: 0 }],
] as const)(
  "chunks that do not get smaller, %s, are in the closed file also when readers saw parts of them",
  async (name, options) => {
    const path = folder(`${name}.h5`);
    const file = await openHdf5(path);
    const dataset = await file.createGrowing("/x", type, options);
    for (let rows = 0; rows < 5000; rows += 250) {
      await dataset.append(noise(rows, 250));
      await file.commit();
    }
    await file.close();
    expect(await right(path, 5000)).toBe("5000");
  },
);

test.each([
  ["compressed", GZIP],
  ["not filtered", { chunks: [1000], contiguousBelow: 0 }],
] as const)(
  "what a killed writer has left of a dataset of chunks, %s, is in a file that is only opened and closed",
  async (name, options) => {
    const path = folder(`killed-${name}.h5`);
    const killed = await openHdf5(path);
    const dataset = await killed.createGrowing("/x", type, options);
    await dataset.append(noise(0, 4000));
    await killed.commit();
    await killed.abandon();
    await (await openHdf5(path)).close();
    expect(await right(path, 4000)).toBe("4000");
  },
);

test("chunks added at once to a finished dataset of an earlier session are in the closed file", async () => {
  const path = folder("resumed.h5");
  const first = await openHdf5(path);
  await (await first.createGrowing("/x", type, GZIP)).append(noise(0, 2500));
  await first.close();
  const second = await openHdf5(path);
  const other = await second.createGrowing("/other", type, GZIP); // of which there is something in scratch space
  await other.append(noise(0, 10));
  await second.commit();
  const dataset = await second.openGrowing("/x", GZIP);
  await dataset.append(noise(2500, 100_000));
  await dataset.finish();
  await second.close();
  expect(await right(path, 102_500)).toBe("102500");
});
