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
  /** Instead of the time that passed, for works that measure another. */
  readonly seconds?: number;
}

/** Time spent on checking results, which is not part of the work. */
const checking = { seconds: 0, cpu: 0 };

/** When the harness started this program, which had used no CPU then. */
export function spawned(): Moment {
  return { seconds: Number(process.env.BENCH_SPAWNED), cpu: 0 };
}

/** Runs the work, then prints the sample line. */
export async function measured(work: () => Promise<Outcome>, started: Moment = now()): Promise<void> {
  Object.assign(checking, { seconds: 0, cpu: 0 });
  const { result, latencies, ...other } = await work();
  const ended = now();
  const sample = {
    seconds: ended.seconds - started.seconds - checking.seconds,
    cpu: ended.cpu - started.cpu - checking.cpu,
    rss: process.resourceUsage().maxRSS * 1024,
    result,
    ...other,
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

interface Moment {
  readonly seconds: number;
  readonly cpu: number;
}

/** By the clock that all programs on the machine share. */
function now(): Moment {
  const { user, system } = process.cpuUsage();
  return { seconds: Number(process.hrtime.bigint()) / 1e9, cpu: (user + system) / 1e6 };
}

/** A number that both languages compute alike: the sum, as float64, of what was read. Takes no measured time. */
export function checksum(array: NdArray): number {
  const started = now();
  let sum = 0;
  const data = array.data;
  for (let i = 0; i < data.length; i++) sum += Number(data[i]);
  const ended = now();
  checking.seconds += ended.seconds - started.seconds;
  checking.cpu += ended.cpu - started.cpu;
  return sum;
}

const PASSES = 5;

/** The work of a program that has run for long: a second of passes to warm up, then five to measure, with what they gave. */
export async function passes(pass: () => Promise<number>): Promise<() => Promise<Outcome>> {
  for (const end = performance.now() + 1000; performance.now() < end; ) await pass();
  return async () => {
    let result = 0;
    for (let i = 0; i < PASSES; i++) result += await pass();
    return { result };
  };
}

/** The sum of all values. A function of its own: the last part would stay in memory for as long as the function that had it. */
async function sumOf(parts: AsyncGenerator<NdArray, undefined, undefined>): Promise<number> {
  let sum = 0;
  for await (const part of parts) sum += checksum(part);
  return sum;
}

/** Reads everything once to check the values, then measures how long it takes. */
export async function measureReading(
  parts: () => AsyncGenerator<NdArray, undefined, undefined>,
): Promise<void> {
  const sum = await sumOf(parts());
  const work = await passes(async () => {
    let values = 0;
    for await (const part of parts()) values += part.data.length;
    return values;
  });
  await measured(async () => ({ result: { sum, values: (await work()).result } }));
}
