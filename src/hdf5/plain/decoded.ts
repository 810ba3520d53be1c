import type { PlainDataset } from "./dataset.js";

/** Bytes of unpacked chunks that are kept for the next slices, of all files together. */
const MOST_BYTES = 16 * 1024 * 1024;

interface Kept {
  readonly dataset: PlainDataset;
  readonly address: number;
  readonly bytes: Buffer;
}

/** Used last at the end. */
const kept: Kept[] = [];
let total = 0;

/** The unpacked chunk at an address, when it was read lately. */
export function decodedChunk(dataset: PlainDataset, address: number): Buffer | undefined {
  const index = kept.findIndex((item) => item.address === address && item.dataset === dataset);
  const [found] = index < 0 ? [] : kept.splice(index, 1);
  if (found) kept.push(found);
  return found?.bytes;
}

export function keepDecoded(dataset: PlainDataset, address: number, bytes: Buffer): void {
  if (bytes.length > MOST_BYTES / 2) return;
  kept.push({ dataset, address, bytes });
  total += bytes.length;
  while (total > MOST_BYTES) total -= kept.shift()?.bytes.length ?? 0;
}
