import { expect, test } from "vitest";
import { DataFile } from "../../../src/hdf5/engine/file.js";
import { findSuperblock } from "../../../src/hdf5/engine/find-superblock.js";
import { openHdf5 } from "../../../src/hdf5/open.js";
import { temporaryFolder } from "../support/files.js";

const folder = temporaryFolder();

test("a write that begins while the file's state is noted is not taken for one of another program", async () => {
  const path = folder("state.h5");
  await (await openHdf5(path, { mode: "create" })).close();
  const handle = await DataFile.open(path);
  if (!handle) throw new Error("the file is not there");
  const { block, size } = await findSuperblock(path, handle);
  const file = await DataFile.adopt(path, handle, block, size);
  // Each write makes the file longer, so that its state before and after differ whatever the clock's resolution is.
  for (let end = size, round = 0; round < 50; round++) {
    const write = () => file.write({ address: end++, bytes: Buffer.from([1]) });
    await write();
    await Promise.all([file.quiet(), write()]);
    await write();
  }
  await expect(file.check()).resolves.toBeUndefined();
  await file.close();
});

test("lengthening the file cuts off nothing of what was written, or is being written, far ahead", async () => {
  const path = folder("ahead.h5");
  await (await openHdf5(path, { mode: "create" })).close();
  const handle = await DataFile.open(path);
  if (!handle) throw new Error("the file is not there");
  const { block, size } = await findSuperblock(path, handle);
  const file = await DataFile.adopt(path, handle, block, size);
  const bytes = Buffer.from("here");
  const [before, during] = [2 ** 31, 2 ** 31 + 2 ** 20];
  await file.write({ address: before, bytes });
  await Promise.all([file.cover(size, size), file.write({ address: during, bytes })]);
  expect([await file.read(before, 4), await file.read(during, 4)]).toEqual([bytes, bytes]);
  await file.close();
});
