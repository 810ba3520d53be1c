import type { PublishedScan } from "../../src/scan/published-scan.js";
import type { DataStore } from "../../src/scan/store.js";
import type { StreamPublisher } from "../../src/stream/publisher.js";

let number = 0;

/** A started scan with streams of images of 8 KiB. */
export async function imageScan(
  store: DataStore,
  streams = 1,
): Promise<{ scan: PublishedScan; image: StreamPublisher; images: StreamPublisher[] }> {
  const scan = await store.createScan({ name: "images", number: ++number, data_policy: "no_policy" });
  const images = Array.from({ length: streams }, (_, i) =>
    scan.createStream(`image${i}`, { dtype: "<f8", shape: [32, 32] }),
  );
  await scan.prepare();
  await scan.start();
  const [image] = images;
  if (!image) throw new Error("A scan of images needs streams.");
  return { scan, image, images };
}

/** Sends images one by one, image i full of i. */
export async function sendImages(stream: StreamPublisher, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) await stream.send(new Float64Array(1024).fill(i));
  await stream.flush();
}

/** The entry ids that a stream holds. */
export async function entryIds(store: DataStore, key: string): Promise<string[]> {
  const reply = await store.redis.commands.call(["XRANGE", key, "-", "+"]);
  return Array.isArray(reply) ? reply.map((entry) => String(Array.isArray(entry) ? entry[0] : entry)) : [];
}
