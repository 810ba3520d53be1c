import { type DataStore, mapping, type PublishedScan, type StreamPublisher } from "../../src/index.js";

export const FILE = "/data/live.h5";

export interface DemoScan {
  readonly scan: PublishedScan;
  readonly diode: StreamPublisher;
  readonly image: StreamPublisher;
}

/** A started scan with a scalar stream, an image stream and links, in the layout of the documentation. */
export async function startScan(store: DataStore, number = 12, path = FILE): Promise<DemoScan> {
  const scan = await store.createScan({
    name: "ascan",
    number,
    data_policy: "no_policy",
    session: "demo",
    path,
  });
  const diode = scan.createStream("diode", { dtype: "<f8", info: { unit: "V" } });
  const image = scan.createStream("image", { dtype: "<u2", shape: [3, 4] });
  const entry = `${number}.1`;
  scan.info.h5maps = {
    [path]: mapping.root({
      [entry]: mapping.entry({
        title: `ascan ${number}`,
        instrument: mapping.group("NXinstrument", {
          diode: mapping.group("NXdetector", { data: mapping.stream("diode", { units: "V" }) }),
          camera: mapping.group("NXdetector", { image: mapping.stream("image") }),
        }),
        measurement: mapping.group("NXcollection", {
          diode: mapping.softLink(`/${entry}/instrument/diode/data`),
          image: mapping.softLink(`/${entry}/instrument/camera/image`),
        }),
      }),
    }),
  };
  await scan.prepare();
  await scan.start();
  return { scan, diode, image };
}

export async function finish({ scan }: DemoScan): Promise<void> {
  await scan.stop();
  await scan.close();
}
