import * as mapping from "../../mapping/builder/index.js";
import type { PublishedScan } from "../../scan/published-scan.js";
import type { DataStore } from "../../scan/store.js";
import { sleep } from "../../waiting.js";

const CHANNELS = 256;
const [ROWS, COLUMNS] = [48, 64];

export interface AscanOptions {
  /** Where the scan is to be saved. */
  readonly path: string;
  readonly points: number;
  /** Milliseconds per point. */
  readonly exposure: number;
  readonly signal: AbortSignal;
}

/** A scan of a motor over a peak: motor, diode, fluorescence spectrum and camera, with the mapping of its future file. */
export class Ascan {
  readonly scan: PublishedScan;
  readonly #options: AscanOptions;

  private constructor(scan: PublishedScan, options: AscanOptions) {
    this.scan = scan;
    this.#options = options;
  }

  static async create(store: DataStore, options: AscanOptions): Promise<Ascan> {
    const { path, points, exposure, signal } = options;
    const identity = { name: "ascan", number: 1, data_policy: "no_policy", session: "demo", path };
    const title = `ascan roby 0 ${points - 1} ${points - 1} ${exposure / 1000}`;
    const info = { title, start_time: new Date().toISOString() };
    return new Ascan(await store.createScan(identity, info, { signal }), options);
  }

  /** Declares the streams, prepares and starts the scan, sends its points, and closes it. */
  async run(onPrepared: () => void, onPoint: (sent: number) => void): Promise<void> {
    const { scan } = this;
    const { path, points, exposure, signal } = this.#options;
    const motor = scan.createStream("axis:roby", { dtype: "<f8", info: { unit: "mm" } });
    const diode = scan.createStream("diode", { dtype: "<f8", info: { unit: "V" } });
    const spectrum = scan.createStream("mca:spectrum", { dtype: "<u4", shape: [CHANNELS] });
    const camera = scan.createStream("camera:image", { dtype: "<u2", shape: [ROWS, COLUMNS] });
    scan.info.h5maps = { [path]: layout(String(scan.info.title), String(scan.info.start_time)) };
    await scan.prepare();
    onPrepared();
    await scan.start();
    for (let point = 0; point < points; point++) {
      await sleep(exposure, signal);
      const intensity = peak((point - (points - 1) / 2) / (points / 6));
      await motor.send(point);
      await diode.send(intensity + 0.02 * Math.sin(12.9 * point));
      await spectrum.send(spectrumOf(intensity));
      await camera.send(imageOf(intensity));
      onPoint(point + 1);
    }
    await scan.stop();
    scan.info.end_reason = "SUCCESS";
    await scan.close();
  }
}

function layout(title: string, start: string): ReturnType<typeof mapping.root> {
  const { dataset, entry, group, root, softLink, stream } = mapping;
  const instrument = group("NXinstrument", {
    name: "nxlive demo",
    roby: group("NXpositioner", { value: stream("axis:roby", { units: "mm" }) }),
    diode: group("NXdetector", { data: stream("diode", { units: "V" }) }),
    mca: group("NXdetector", { data: stream("mca:spectrum", { interpretation: "spectrum" }) }),
    camera: group("NXdetector", { data: stream("camera:image", { interpretation: "image" }) }),
  });
  const measurement = group("NXcollection", {
    roby: softLink("/1.1/instrument/roby/value"),
    diode: softLink("/1.1/instrument/diode/data"),
    mca: softLink("/1.1/instrument/mca/data"),
    camera: softLink("/1.1/instrument/camera/data"),
  });
  const plot = group(
    "NXdata",
    { roby: softLink("/1.1/instrument/roby/value"), diode: softLink("/1.1/instrument/diode/data") },
    { signal: "diode", axes: ["roby"] },
  );
  const exposure = dataset(0.4, { units: "s" });
  const parts = { title, start_time: start, instrument, exposure, measurement, plot };
  return root({ "1.1": entry(parts, { default: "plot" }) });
}

function peak(x: number): number {
  return Math.exp(-(x ** 2) / 2);
}

function spectrumOf(intensity: number): Uint32Array {
  return Uint32Array.from({ length: CHANNELS }, (_, channel) =>
    Math.round(20 + 4000 * intensity * peak((channel - 80) / 6) + 1500 * peak((channel - 170) / 9)),
  );
}

function imageOf(intensity: number): Uint16Array {
  return Uint16Array.from({ length: ROWS * COLUMNS }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / COLUMNS), pixel % COLUMNS];
    return Math.round(
      50 + 30_000 * intensity * peak((row - ROWS / 2) / 8) * peak((column - COLUMNS / 2) / 10),
    );
  });
}
