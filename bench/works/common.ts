import { DataStore, type NdArray, type Scan } from "nxlive";

/** Arguments of a work: the Redis URL first, as the harness gives them. */
export const [url = "", ...args] = process.argv.slice(2);

export function connect(): Promise<DataStore> {
  return DataStore.connect(url);
}

export function createScan(store: DataStore, number = 1, path: string | null = null): Promise<Scan> {
  return store.createScan(
    { name: "bench", number, data_policy: "no_policy", session: "bench", path },
    { name: "bench" },
  );
}

/** Runs the work, then prints the sample line; `seconds` replaces the measured time (latencies). */
export async function measured(work: () => Promise<{ result: unknown; seconds?: number }>): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { result, seconds } = await work();
  const elapsed = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const sample = {
    seconds: seconds ?? elapsed,
    cpu: (used.user + used.system) / 1e6,
    rss: process.resourceUsage().maxRSS * 1024,
    result,
  };
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}

/** A number that both languages compute alike: the sum, as float64, of what was read. */
export function checksum(array: NdArray): number {
  let sum = 0;
  const data = array.data;
  for (let i = 0; i < data.length; i++) sum += Number(data[i]);
  return sum;
}
