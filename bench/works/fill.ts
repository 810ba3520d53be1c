// fill: what writing the values of 20 streams of 50,000 scalars cannot do without: 8 MB into a new file, 64 KiB at a time, after another one.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measured } from "./common.js";

const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-fill-"));

function fill(name: string): number {
  const piece = Buffer.alloc(64 * 2 ** 10, 1);
  const fd = openSync(join(folder, name), "w");
  let written = 0;
  while (written < 8_000_000) written += writeSync(fd, piece);
  closeSync(fd);
  return written;
}

fill("before");
await measured(async () => ({ result: fill("new") }));
rmSync(folder, { recursive: true });
