import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrivateRedis } from "../../src/redis/server.js";
import { runCli } from "../support/cli.js";
import { runPython, runPythonFile } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";

const PUBLISHER = fileURLToPath(new URL("publisher.py", import.meta.url));

let redis: PrivateRedis;
let folder: string;

beforeAll(async () => {
  redis = await startTestRedis();
  folder = await mkdtemp(join(tmpdir(), "nxlive-path-"));
});

afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

test("a scan published by blissdata is written by `nxlive write`, read by h5py, and by `nxlive get` the same from Redis and from disk", async () => {
  const file = join(folder, "py.h5");
  const env = { REDIS_URL: redis.url };
  await runPythonFile(PUBLISHER, [redis.url, "static", file]);
  const written = await runCli(["write", "--until-idle", "0.5", "--session", "python"], env);
  expect(written.code, written.stderr).toBe(0);

  const program = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as file:
    entry = file["7.1"]
    print(json.dumps([entry.attrs["NX_class"], entry["title"].asstr()[()], str(entry["diode"][:].tolist()),
      entry["count"][:].tolist(), entry["big"].dtype.str, entry["big"][:].tolist(), entry["mca"][:].tolist()]))
`;
  const big = [
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
    [
      [6, 7, 8],
      [9, 10, 11],
    ],
  ];
  const spectra = [
    [1, 2, 3],
    [4, 0, 0],
  ];
  const limits = "[9223372036854775807, -9223372036854775808, 0]";
  const text = await runPython(program, [file]);
  expect(text).toContain(limits);
  expect(JSON.parse(text.replace(limits, "[]"))).toEqual([
    "NXentry",
    "from Python",
    "[0.5, 1.5, nan, -inf]",
    [],
    ">u2",
    big,
    spectra,
  ]);

  for (const mode of ["live", "disk"]) {
    const { code, stdout } = await runCli(["get", `${file}::/7.1/diode`, "--json", "--mode", mode], env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dtype: "<f8", shape: [4], data: [0.5, 1.5, "nan", "-inf"] });
  }
});
