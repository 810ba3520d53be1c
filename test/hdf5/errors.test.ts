import { execFile } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import { spawnPython } from "../support/python.js";
import { doubles, dump, h5py, range, temporaryFolder, text } from "./support/files.js";

const folder = temporaryFolder();

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => "none",
    (error) => error.code,
  );
}

describe("opening", () => {
  test("refuses what is not an HDF5 file, a folder, a missing folder, a truncated file", async () => {
    writeFileSync(
      folder("text.h5"),
      "not an HDF5 file, but long enough to hold a superblock of any version: ".repeat(9),
    );
    mkdirSync(folder("directory.h5"));
    await h5py(folder("truncated.h5"), "f = h5py.File(path, 'w'); f['x'] = np.arange(1000); f.close()");
    truncateSync(folder("truncated.h5"), 4000);
    expect(await codeOf(openHdf5(folder("text.h5")))).toBe("ERR_HDF5_NOT_A_FILE");
    expect(await codeOf(openHdf5(folder("directory.h5")))).toBe("ERR_HDF5_ACCESS");
    expect(await codeOf(openHdf5(folder("none/file.h5")))).toBe("ERR_HDF5_ACCESS");
    expect(await codeOf(openHdf5(folder("truncated.h5")))).toBe("ERR_HDF5_NOT_A_FILE");
  });

  test("in mode create refuses an existing file and leaves it alone", async () => {
    writeFileSync(folder("there.h5"), "x");
    expect(await codeOf(openHdf5(folder("there.h5"), { mode: "create" }))).toBe("ERR_HDF5_FILE_EXISTS");
    expect(statSync(folder("there.h5")).size).toBe(1);
  });

  test("refuses a file whose chunk indices have other nodes than ours (superblock version 1)", async () => {
    await h5py(folder("v0.h5"), "f = h5py.File(path, 'w', libver='earliest'); f['x'] = 1; f.close()");
    const bytes = readFileSync(folder("v0.h5"));
    bytes[8] = 1;
    writeFileSync(
      folder("v1.h5"),
      Buffer.concat([bytes.subarray(0, 24), Buffer.from([16, 0, 0, 0]), bytes.subarray(24)]),
    );
    await expect(openHdf5(folder("v1.h5"))).rejects.toThrow("superblock version 1");
  });

  test("refuses a file with a user block, and one marked as open for writing", async () => {
    await h5py(folder("block.h5"), "f = h5py.File(path, 'w', userblock_size=512); f.close()");
    expect(await codeOf(openHdf5(folder("block.h5")))).toBe("ERR_HDF5_UNSUPPORTED");
    await h5py(
      folder("swmr.h5"),
      "f = h5py.File(path, 'w', libver='latest'); f.swmr_mode = True; f.flush(); import shutil; shutil.copy(path, path + '.copy'); f.close()",
    );
    expect(await codeOf(openHdf5(folder("swmr.h5.copy")))).toBe("ERR_HDF5_UNSUPPORTED");
  });

  test("changes nothing in a file that is only opened and closed", async () => {
    const path = folder("untouched.h5");
    await h5py(path, "f = h5py.File(path, 'w'); f['x'] = np.arange(10); f.close()");
    const before = statSync(path, { bigint: true });
    const file = await openHdf5(path);
    await file.commit();
    await file.close();
    expect(statSync(path, { bigint: true })).toMatchObject({ size: before.size, mtimeNs: before.mtimeNs });
  });

  test("says that the size of files is limited, not that the disk is full", async () => {
    const program = `import { openHdf5 } from ${JSON.stringify(new URL("../../dist/hdf5/open.js", import.meta.url).href)};
      await openHdf5(${JSON.stringify(folder("limited.h5"))}).catch((error) => console.log(error.code, error.message));`;
    const args = ["-c", 'ulimit -f 1000; exec "$0" --input-type=module -e "$1"', process.execPath, program];
    const { stdout } = await promisify(execFile)("bash", args);
    expect(stdout).toMatch(/^ERR_HDF5_DISK_FULL .*ulimit -f/);
  });

  test("names the process that holds the file", async () => {
    const path = folder("locked.h5");
    const program = `import h5py, sys\nf = h5py.File(${JSON.stringify(path)}, "w")\nprint("open")\nsys.stdin.readline()`;
    const child = spawnPython(["-c", program]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    try {
      await expect(openHdf5(path)).rejects.toMatchObject({
        code: "ERR_HDF5_LOCKED",
        message: expect.stringContaining(`process ${child.pid}`),
      });
    } finally {
      child.stdin.end("\n");
      await new Promise((resolve) => child.once("exit", resolve));
    }
    await (await openHdf5(path)).close();
  });

  test("is refused while the file is open for writing here already", async () => {
    const path = folder("twice.h5");
    await using file = await openHdf5(path);
    expect(await codeOf(openHdf5(path))).toBe("ERR_HDF5_LOCKED");
    await file.close();
    await (await openHdf5(path)).close();
  });
});

describe("a file changed by someone else since our last write", () => {
  test.each([
    ["truncated", (path: string): void => truncateSync(path, 1000)],
    ["written to", (path: string): void => appendFileSync(path, "x")],
    ["deleted", (path: string): void => rmSync(path)],
    [
      "replaced",
      (path: string): void => {
        writeFileSync(`${path}.new`, "another file");
        renameSync(`${path}.new`, path);
      },
    ],
  ])("is not written to any more when it was %s", async (how, change) => {
    const file = await openHdf5(folder(`changed ${how}.h5`));
    await file.createDataset("/x", doubles([1]));
    await file.commit();
    change(file.path);
    await file.createDataset("/y", doubles([1]));
    expect(await codeOf(file.commit())).toBe("ERR_HDF5_CHANGED");
    expect(await codeOf(file.commit())).toBe("ERR_HDF5_CHANGED");
    expect(await codeOf(file.close())).toBe("ERR_HDF5_CHANGED");
  });
});

describe("commits", () => {
  test("make nothing visible before, and everything after", async () => {
    await using file = await openHdf5(folder("commits.h5"));
    await file.createGroup("/g", new Map([["a", text("1")]]));
    const grow = await file.createGrowing("/g/x", { dtype: "<f8", rowShape: [] });
    await grow.append(range(0, 5));
    expect((await dump(file.path)).paths).toEqual(["/"]);
    await file.commit({ durable: true });
    expect((await dump(file.path)).at("/g/x").shape).toEqual([5]);
    await grow.append(range(5, 5));
    await file.setAttributes("/g", new Map([["a", text("2")]]));
    const between = await dump(file.path);
    expect(between.at("/g/x").shape).toEqual([5]);
    expect(between.attribute("/g", "a")).toEqual(["1"]);
  });

  test("end at an aborted signal", async () => {
    await using file = await openHdf5(folder("aborted.h5"));
    await expect(file.commit({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});
