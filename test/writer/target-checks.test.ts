import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkTarget } from "../../src/writer/target-checks.js";

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "nxlive-targets-")));
  await mkdir(join(root, "allowed"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const check = (path: string) => checkTarget(path, { roots: [join(root, "allowed")], leastFree: 0 });

test("a file in an allowed folder is given back, its parents made", async () => {
  const path = join(root, "allowed", "a", "b", "scan.h5");
  expect(await check(path)).toBe(path);
  expect(existsSync(join(root, "allowed", "a", "b"))).toBe(true);
});

test("a folder that takes no other is an error, and is not tried for ever", async () => {
  await expect(checkTarget("/proc/nowhere/scan.h5", { roots: [], leastFree: 0 })).rejects.toMatchObject({
    code: "ERR_FILE_UNAVAILABLE",
    message: expect.stringContaining("Cannot create the folder"),
  });
});

test("a relative path is refused", async () => {
  await expect(check("scan.h5")).rejects.toMatchObject({ code: "ERR_TARGET_FILE" });
});

test.each(["../scan.h5", "a/../../scan.h5", "../allowed-not/scan.h5"])(
  "%s leads out and makes nothing",
  async (way) => {
    await expect(check(`${join(root, "allowed")}/${way}`)).rejects.toMatchObject({
      code: "ERR_TARGET_FILE",
      message: expect.stringContaining("outside"),
    });
    expect(existsSync(join(root, "allowed-not"))).toBe(false);
  },
);

test("a folder that is a link out of the allowed ones is refused", async () => {
  await mkdir(join(root, "secret"));
  await symlink(join(root, "secret"), join(root, "allowed", "way-out"));
  await expect(check(join(root, "allowed", "way-out", "deep", "scan.h5"))).rejects.toMatchObject({
    code: "ERR_TARGET_FILE",
  });
  expect(existsSync(join(root, "secret", "deep"))).toBe(false);
});

test("a file that is a link to something outside, which does not exist yet, is refused", async () => {
  await symlink(join(root, "outside.h5"), join(root, "allowed", "scan.h5"));
  await expect(check(join(root, "allowed", "scan.h5"))).rejects.toMatchObject({ code: "ERR_TARGET_FILE" });
});

test("a file that is a link to something inside, whose folder does not exist yet, has that folder made", async () => {
  const real = join(root, "allowed", "new", "real.h5");
  await symlink(real, join(root, "allowed", "scan.h5"));
  expect(await check(join(root, "allowed", "scan.h5"))).toBe(real);
  expect(existsSync(join(root, "allowed", "new"))).toBe(true);
});

test.each([
  ["a name", `${"x".repeat(256)}.h5`],
  ["a path", `${"folder/".repeat(600)}scan.h5`],
])("%s that is too long is refused for good", async (_, way) => {
  await expect(check(join(root, "allowed", way))).rejects.toMatchObject({
    code: "ERR_TARGET_FILE",
    message: expect.stringContaining("longer than the file system allows"),
  });
});

test("an allowed folder that is a link itself is followed", async () => {
  await mkdir(join(root, "real"));
  await symlink(join(root, "real"), join(root, "linked"));
  const found = await checkTarget(join(root, "linked", "scan.h5"), {
    roots: [join(root, "linked")],
    leastFree: 0,
  });
  expect(found).toBe(join(root, "real", "scan.h5"));
});

test("a path that cannot be looked at may be one that somebody sees to", async () => {
  await symlink("circle.h5", join(root, "allowed", "circle.h5"));
  await expect(check(join(root, "allowed", "circle.h5"))).rejects.toMatchObject({
    code: "ERR_FILE_UNAVAILABLE",
    message: expect.stringContaining("ELOOP"),
  });
});

test("too little room is something that may pass", async () => {
  const limits = { roots: [], leastFree: Number.MAX_SAFE_INTEGER };
  await expect(checkTarget(join(root, "scan.h5"), limits)).rejects.toMatchObject({
    code: "ERR_FILE_UNAVAILABLE",
  });
});
