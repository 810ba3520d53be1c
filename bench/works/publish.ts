// publish KIND COUNT [server]: publishes as a scan does, until everything is in Redis. Kinds: single1, single20, batches, images.
// For a second before, tenths of it go into scans of their own, unmeasured. With "server", the seconds are the CPU time that
// Redis took for it.
import { args, connect, measured } from "./common.js";
import { plainSocket } from "./plain.js";

const [kind = "", countText, limit] = args;
const count = Number(countText);
const store = await connect();
const socket = await plainSocket();
const names = Array.from({ length: kind === "single20" ? 20 : 1 }, (_, i) => `s${i}`);
const definition = kind === "images" ? { dtype: "<u2", shape: [512, 1024] } : { dtype: "<f8" };
const image = Uint16Array.from({ length: 512 * 1024 }, (_, i) => i);
const batch = Float64Array.from({ length: 1000 }, (_, i) => i);

async function publish(times: number, clock: typeof measured): Promise<void> {
  const identity = { name: "bench", number: 1, data_policy: "no_policy", session: "bench", path: null };
  const scan = await store.createScan(identity, { name: "bench" });
  const streams = names.map((name) => scan.createStream(name, definition));
  await scan.prepare();
  await scan.start();
  const before = await serverSeconds();
  await clock(async () => {
    for (let i = 0; i < times; i++) {
      for (const stream of streams) {
        await stream.send(kind === "images" ? image : kind === "batches" ? batch : i);
      }
    }
    const lengths = [];
    for (const stream of streams) lengths.push(await stream.seal());
    return { result: lengths, ...(limit === "server" && { seconds: (await serverSeconds()) - before }) };
  });
  await scan.stop();
  await scan.close();
  await store.deleteScan(scan.key);
}

/** CPU time of Redis' main thread so far. */
async function serverSeconds(): Promise<number> {
  const info = Buffer.alloc(2 ** 10);
  await socket.fill(info, ["INFO", "cpu"]);
  const found = info.toString().matchAll(/used_cpu_\w+_main_thread:(\S+)/g);
  return Array.from(found, ([, seconds]) => Number(seconds)).reduce((sum, seconds) => sum + seconds);
}

for (const end = performance.now() + 1000; performance.now() < end; )
  await publish(count / 10, async (work) => void (await work()));
await publish(count, measured);
socket.close();
await store.close();
