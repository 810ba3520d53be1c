// receive WHAT: what the reading of `read … sliced` cannot do without: asks Redis for the same parts over a plain socket, each into new
// memory of its size, and looks at nothing. WHAT: batches, spectra, images.
import { args, connect, measured, passes } from "./common.js";
import { plainSocket } from "./plain.js";

const [what = ""] = args;
const { total, step, point } = {
  batches: { total: 10_000_000, step: 100_000, point: 8 },
  spectra: { total: 10_000, step: 1000, point: 8 * 2 ** 10 },
  images: { total: 200, step: 10, point: 2 ** 20 },
}[what] ?? { total: 0, step: 1, point: 0 };
const store = await connect();
const { keys } = await store.search({ session: `bench_${what}` });
const key = (await store.loadScan(keys[0] ?? "")).streams.get("s")?.key ?? "";
await store.close();
const socket = await plainSocket();

async function pass(): Promise<number> {
  let received = 0;
  for (let start = 0; start < total; start += step) {
    const memory = Buffer.allocUnsafeSlow(step * point);
    received += await socket.fill(memory, ["XRANGE", key, start, start + step - 1]);
  }
  return received;
}

await measured(await passes(pass));
socket.close();
