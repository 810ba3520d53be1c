import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isNxliveError } from "../../src/errors.js";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { Hdf5Writer } from "../../src/hdf5/writer-api.js";
import { doubles, h5py, range, temporaryFolder, text } from "./support/files.js";

const folder = temporaryFolder();

/** The same sequence of numbers below a limit for the same seed. */
function random(seed: number): (limit: number) => number {
  let state = Math.imul(seed, 0x9e3779b1) || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Files with all that is parsed: symbol tables, dense links and attributes, chunk indices, our own structures. */
async function soundFiles(): Promise<Buffer[]> {
  for (const libver of ["earliest", "latest"]) {
    await h5py(
      folder(`${libver}.h5`),
      `
with h5py.File(path, "w", libver="${libver}") as f:
    for i in range(25):
        g = f.create_group(f"g{i}", track_order=bool(i % 2))
        g["x"] = np.arange(20)
        g["t"] = "text"
        c = g.create_dataset("c", (300, 2), maxshape=(None, 2), chunks=(4, 2), dtype="f4", compression="gzip")
        c[:] = i
        for k in range(1 if i % 5 else 20): g.attrs[f"a{k}"] = f"value {k}"`,
    );
  }
  const ours = await openHdf5(folder("ours.h5"));
  for (let i = 0; i < 10; i++) {
    await ours.createGroup(`/g${i}`, new Map([["a", text("x".repeat(50 * i))]]));
    await ours.createDataset(`/g${i}/t`, text("hello"));
    const grown = await ours.createGrowing(
      `/g${i}/c`,
      { dtype: "<f8", rowShape: [] },
      { chunks: [4], contiguousBelow: 0 },
    );
    await grown.append(range(0, 300));
  }
  await ours.close();
  return ["earliest.h5", "latest.h5", "ours.h5"].map((name) => readFileSync(folder(name)));
}

/** A few bytes changed; or numbers taken from elsewhere, which makes structures refer to each other in circles. */
function damage(sound: Buffer, next: (limit: number) => number): Buffer {
  const bytes = Buffer.from(next(20) === 0 ? sound.subarray(0, next(sound.length)) : sound);
  for (let k = next(8); k >= 0 && bytes.length > 16; k--) {
    const [at, from] = [next(bytes.length - 8), next(bytes.length - 8)].map(
      (place) => place - (place % 8),
    ) as [number, number];
    const how = next(4);
    if (how < 2) bytes[next(bytes.length)] = next(256);
    else if (how === 2) bytes.copyWithin(at, from, from + 8);
    else bytes.writeUIntLE(next(bytes.length), Math.min(at, bytes.length - 6), 6);
  }
  return bytes;
}

/** Looks at everything that can be reached, changes some of it; of damage only typed errors may tell. */
async function work(file: Hdf5Writer, next: (limit: number) => number): Promise<void> {
  const open = ["/"];
  for (let at = open.pop(), left = 100; at !== undefined && left > 0; at = open.pop(), left--) {
    const path = at;
    const kind = await file.kindOf(path).catch(typed);
    for (const name of (await file.attributeNames(path).catch(typed)) ?? [])
      await file.attribute(path, name).catch(typed);
    if (kind === "group") {
      const names = (await file.list(path).catch(typed)) ?? [];
      open.push(...names.map((name) => `${path === "/" ? "" : path}/${name}`));
    }
    if (kind === "dataset" && next(2) === 0) {
      const dataset = await file.openGrowing(path).catch(typed);
      await dataset?.append(new Uint8Array(64)).catch(typed);
    }
    if (path === "/" || next(6) > 0) continue;
    if (next(2) === 0) await file.remove(path).catch(typed);
    else await file.setAttributes(path, new Map([["new", doubles([1])]])).catch(typed);
  }
  await file.commit().catch(typed);
}

function typed(error: unknown): undefined {
  if (!isNxliveError(error)) throw error;
}

test("damaged files end in typed errors, and never in circles", async () => {
  const files = await soundFiles();
  let opened = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const next = random(seed);
    const path = folder("damaged.h5");
    writeFileSync(path, damage(files[seed % files.length] ?? Buffer.alloc(0), next));
    const file = await openHdf5(path, { quarantineMinutes: 0 }).catch(typed);
    if (!file) continue;
    opened++;
    await work(file, next);
    await file.close().catch(typed);
  }
  expect(opened).toBeGreaterThan(50);
}, 120_000);
