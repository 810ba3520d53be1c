import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataStore, type NdArray } from "nxlive";

/** Arguments of a work: the Redis URL first, as the harness gives them. */
export const [url = "", ...args] = process.argv.slice(2);

/** The file that prepare.py makes. */
export const FILE = join(tmpdir(), `nxlive-bench-${process.getuid?.()}`, "data.h5");

export function connect(): Promise<DataStore> {
  return DataStore.connect(url);
}

export interface Outcome {
  readonly result: unknown;
  /** Seconds, for works that measure how long single values take. */
  readonly latencies?: readonly number[];
}

/** Runs the work, then prints the sample line. */
export async function measured(work: () => Promise<Outcome>): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { result, latencies } = await work();
  const elapsed = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const sample = {
    seconds: elapsed,
    cpu: (used.user + used.system) / 1e6,
    rss: process.resourceUsage().maxRSS * 1024,
    result,
    ...(latencies && { seconds: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }),
  };
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * part;
  const [low = Number.NaN, high = low] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return low + (high - low) * (position % 1);
}

/** A number that both languages compute alike: the sum, as float64, of what was read. */
export function checksum(array: NdArray): number {
  let sum = 0;
  const data = array.data;
  for (let i = 0; i < data.length; i++) sum += Number(data[i]);
  return sum;
}
