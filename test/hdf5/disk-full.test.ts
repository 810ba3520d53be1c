import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { h5py, range, text } from "./support/files.js";

/** A file system of its own with 4 MiB, which only root may mount. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const folder = mkdtempSync(join(tmpdir(), "nxlive-full-"));
const mounted = mountSmall(folder);
const ballast = join(folder, "ballast");

const LEFT = 1.5 * 2 ** 20;

/**
 * Leaves 1.5 MiB for what comes behind a file's content: by filling the small disk, else by this process' limit on the size of
 * files, which refuses bytes alike.
 */
function takeRoom(path: string): void {
  if (mounted) {
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - LEFT), 1));
  } else limitFiles(String(statSync(path).blocks * 512 + LEFT));
}

function giveRoom(): void {
  if (mounted) rmSync(ballast, { force: true });
  else limitFiles("unlimited");
}

function limitFiles(size: string): void {
  execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${size}:unlimited`]);
}

afterEach(() => {
  giveRoom();
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});
afterAll(() => {
  if (mounted) execFileSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe("a full disk", () => {
  test("is reported by the commit, leaves what was committed, and writing goes on when there is room", async () => {
    await using file = await openHdf5(join(folder, "data.h5"));
    const raw = await file.createGrowing(
      "/raw",
      { dtype: "<f8", rowShape: [] },
      { chunks: [4096], contiguousBelow: 0 },
    );
    const gzip = await file.createGrowing(
      "/gzip",
      { dtype: "<f8", rowShape: [] },
      { chunks: [4096], contiguousBelow: 0, gzip: 1 },
    );
    await file.commit();
    takeRoom(file.path);
    let rows = 0;
    let failure: unknown;
    while (failure === undefined) {
      await raw.append(range(rows, 3000));
      await gzip.append(range(rows, 3000));
      await file.setAttributes("/", new Map([[`n${rows}`, text("x".repeat(500))]]));
      failure = await file.commit().then(
        () => {
          rows += 3000;
          return undefined;
        },
        (error) => error,
      );
    }
    expect(failure).toMatchObject({ code: "ERR_HDF5_DISK_FULL" });
    const look =
      "f = h5py.File(path); print([(len(f[n]), bool((f[n][:] == np.arange(len(f[n]))).all())) for n in ('raw', 'gzip')])";
    const during = await h5py(file.path, look);
    expect(during).toMatch(/^\[\(\d+, True\), \(\d+, True\)\]$/);
    await expect(file.commit()).rejects.toMatchObject({ code: "ERR_HDF5_DISK_FULL" });
    giveRoom();
    await file.commit();
    await raw.append(range(rows + 3000, 1000));
    await gzip.append(range(rows + 3000, 1000));
    await file.commit();
    expect(await h5py(file.path, look)).toBe(`[(${rows + 4000}, True), (${rows + 4000}, True)]`);
  });

  test("costs no space: what a file that was let go of then has got for nothing is used when it is written again", async () => {
    const path = join(folder, "again.h5");
    const noise = () => randomFillSync(new Uint8Array(2.5 * 2 ** 20));
    const type = { dtype: "|u1", rowShape: [] };
    const storage = { chunks: [65536], contiguousBelow: 0 };
    const full = await openHdf5(path);
    const lost = await full.createGrowing("/x", type, storage);
    await full.commit();
    takeRoom(path);
    const failure = await lost
      .append(noise())
      .then(() => full.commit())
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ERR_HDF5_DISK_FULL" });
    await expect(full.close()).rejects.toMatchObject({ code: "ERR_HDF5_DISK_FULL" });
    giveRoom();
    const file = await openHdf5(path);
    await (await file.openGrowing("/x", storage)).append(noise());
    await file.close();
    expect(statSync(path).size).toBeLessThan(3 * 2 ** 20);
    expect(await h5py(path, 'print(h5py.File(path)["x"].shape)')).toBe("(2621440,)");
  });

  test("has room for the next writer where a killed one served its readers", async () => {
    const path = join(folder, "killed.h5");
    const noise = (bytes: number) => randomFillSync(new Uint8Array(bytes));
    const storage = { chunks: [65536], contiguousBelow: 0, gzip: 1 };
    const killed = await openHdf5(path);
    const dataset = await killed.createGrowing("/x", { dtype: "|u1", rowShape: [] }, storage);
    for (let part = 0; part < 30; part++) {
      await dataset.append(noise(65_000)); // each commit has another chunk of which readers see a part
      await killed.commit();
    }
    await killed.abandon();
    const file = await openHdf5(path);
    await (await file.openGrowing("/x", storage)).append(noise(900_000));
    await file.commit();
    await file.close();
    expect(await h5py(path, 'print(h5py.File(path)["x"].shape)')).toBe(`(${30 * 65_000 + 900_000},)`);
  });

  test("stops appends that would only pile up in memory", async () => {
    const file = await openHdf5(join(folder, "pile.h5"));
    const dataset = await file.createGrowing(
      "/x",
      { dtype: "<f8", rowShape: [] },
      { chunks: [131072], contiguousBelow: 0 },
    );
    await file.commit();
    takeRoom(file.path);
    let taken = 0;
    const failure = await (async () => {
      for (;;) {
        await dataset.append(range(0, 131072));
        taken++;
      }
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ERR_HDF5_DISK_FULL" });
    expect(taken).toBeLessThan(100);
    await file.remove("/x");
    await expect(file.close()).rejects.toMatchObject({ code: "ERR_HDF5_DISK_FULL" });
  });
});
