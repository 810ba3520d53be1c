// publish KIND COUNT: publishes as a scan does, until everything is in Redis. Kinds: single1, single20, batches, images.
import { args, connect, measured } from "./common.js";

const [kind = "", countText] = args;
const count = Number(countText);
const store = await connect();
const identity = { name: "bench", number: 1, data_policy: "no_policy", session: "bench", path: null };
const scan = await store.createScan(identity, { name: "bench" });
const names = Array.from({ length: kind === "single20" ? 20 : 1 }, (_, i) => `s${i}`);
const definition = kind === "images" ? { dtype: "<u2", shape: [512, 1024] } : { dtype: "<f8" };
const streams = names.map((name) => scan.createStream(name, definition));
await scan.prepare();
await scan.start();
const image = Uint16Array.from({ length: 512 * 1024 }, (_, i) => i);
const batch = Float64Array.from({ length: 1000 }, (_, i) => i);
await measured(async () => {
  for (let i = 0; i < count; i++) {
    for (const stream of streams) {
      await stream.send(kind === "images" ? image : kind === "batches" ? batch : i);
    }
  }
  const lengths = [];
  for (const stream of streams) lengths.push(await stream.seal());
  return { result: lengths };
});
await scan.stop();
await scan.close();
await store.deleteScan(scan.key);
await store.close();
