// limits HOW: what Node alone needs for the reading that `disk` does, without HDF5. HOW: new (64 MiB into new memory, shared by four
// threads), used (into memory that was used before), short (1,000 reads of 80 bytes, each into an array of its own).

import { readSync } from "node:fs";
import { open } from "node:fs/promises";
import { args, FILE, measured, passes } from "./common.js";

const [how = ""] = args;
const BYTES = 64 * 2 ** 20;
const PART = 4 * 2 ** 20;
const THREADS = 4;
await using file = await open(FILE);

async function readInto(memory: Uint8Array): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < BYTES) {
      const at = next;
      next += PART;
      await file.read(memory, at, PART, at);
    }
  };
  await Promise.all(Array.from({ length: THREADS }, worker));
}

const used = new Uint8Array(how === "used" ? BYTES : 0).fill(1);

async function pass(): Promise<void> {
  if (how === "new") await readInto(Buffer.allocUnsafeSlow(BYTES));
  else if (how === "used") await readInto(used);
  else for (let i = 0; i < 1000; i++) readSync(file.fd, new Uint8Array(80), 0, 80, 8000 * i);
}

const work = await passes(async () => {
  await pass();
  return 0;
});
await measured(async () => {
  await work();
  return { result: how };
});
