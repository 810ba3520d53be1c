import type { PublishedScan } from "../../src/scan/published-scan.js";
import type { DataStore } from "../../src/scan/store.js";
import type { StreamPublisher } from "../../src/stream/publisher.js";

/** A scan of one stream `diode`, mapped to `/<number>.1/data` of its file, started. */
export interface SimpleScan {
  readonly scan: PublishedScan;
  readonly diode: StreamPublisher;
  /** Sends points first … first + count - 1, each its own index. */
  send(first: number, count: number): Promise<void>;
  /** Stops and closes it. */
  end(): Promise<void>;
}

export async function publishSimple(
  store: DataStore,
  path: string,
  number = 1,
  options: { session?: string; dtype?: string; shape?: number[] } = {},
): Promise<SimpleScan> {
  const { session = "test", dtype = "<f8", shape = [] } = options;
  const scan = await store.createScan(
    { name: "ascan", number, data_policy: "no_policy", session, path },
    { title: "a scan" },
  );
  const diode = scan.createStream("diode", { dtype, shape, info: { unit: "V" } });
  const attributes = { NX_class: "NXentry" };
  const data = { type: "dataset", attributes: { units: "V" }, value: { type: "stream", stream: "diode" } };
  scan.info = {
    ...scan.info,
    h5maps: {
      [path]: {
        type: "group",
        attributes: { NX_class: "NXroot" },
        children: { [`${number}.1`]: { type: "group", attributes, children: { title: "a scan", data } } },
      },
    },
  };
  await scan.prepare();
  await scan.start();
  return {
    scan,
    diode,
    async send(first, count) {
      await diode.send(Float64Array.from({ length: count }, (_, i) => first + i));
      await diode.flush();
    },
    async end() {
      await scan.stop();
      await scan.close();
    },
  };
}
