/**
 * A stream plugin of your own: a device that writes its spectra into one raw file, and publishes only how many there are.
 * Publishes a scan with such a stream, and reads it while it grows.
 *
 * REDIS_URL=redis://localhost:6379 npm run example plugin
 */
import { appendFile, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AxisRange,
  DataStore,
  DerivedStream,
  type NdArray,
  type PluginContext,
  type RawPoints,
  registerStreamPlugin,
} from "nxlive";

const CHANNELS = 1024;

/** `info.file` names the file; each event is the number of spectra in it. */
class RawFileStream extends DerivedStream {
  readonly plugin = "raw_file";
  readonly dtype = "<f4";
  readonly shape = [CHANNELS];
  protected readonly mayBecomeReadable = true;
  readonly #file: string;

  constructor(context: PluginContext) {
    super(context);
    // What is thrown here makes this stream "broken": the others of the scan are not disturbed.
    if (typeof context.info.file !== "string") throw new Error("info.file must name the raw file");
    this.#file = context.info.file;
  }

  /** What the newest event means: all spectra that the device has counted can be read. */
  protected understand(event: unknown): { length: number; readable: number } {
    const length = Number(event ?? 0);
    return { length, readable: length };
  }

  /** Reads count points start, start + step, … of those that are there. */
  protected async read({ start, step, count }: AxisRange): Promise<RawPoints> {
    const size = 4 * CHANNELS;
    const data = new Uint8Array(count * size);
    const file = await open(this.#file);
    try {
      for (let i = 0; i < count; i++) await file.read(data, i * size, size, (start + i * step) * size);
    } finally {
      await file.close();
    }
    return { dtype: this.dtype, shape: [count, CHANNELS], data };
  }

  /** Only for points that were counted and cannot be read: here there are none. */
  protected unreadable(index: number): Error {
    return new Error(`Spectrum ${index} is not in ${this.#file}`);
  }

  /** How many there are, when the events were trimmed from Redis. */
  protected async count(): Promise<number> {
    const file = await open(this.#file);
    try {
      return Math.floor((await file.stat()).size / (4 * CHANNELS));
    } finally {
      await file.close();
    }
  }
}

registerStreamPlugin("raw_file", (context) => new RawFileStream(context));

await using store = await DataStore.connect(process.env.REDIS_URL ?? "redis://localhost:6379");
const folder = await mkdtemp(join(tmpdir(), "raw-file-"));
const file = join(folder, "spectra.raw");

const scan = await store.createScan({ name: "spectra", number: 1, data_policy: "no_policy" });
const counter = scan.createStream("mca", { dtype: "<u4", info: { plugin: "raw_file", file } });
await scan.prepare();
await scan.start();

const reading = (async () => {
  const stream = (await store.loadScan(scan.key)).streams.get("mca");
  for await (const spectrum of stream?.values() ?? []) {
    const { data } = spectrum as NdArray<Float32Array>;
    console.log(`spectrum of ${data.length} channels, mean ${data.reduce((a, b) => a + b) / data.length}`);
  }
})();
for (let i = 1; i <= 5; i++) {
  await appendFile(file, new Uint8Array(new Float32Array(CHANNELS).fill(i).buffer));
  await counter.send(i);
}
await scan.close();
await reading;
await rm(folder, { recursive: true });
