// receive WHAT: what the reading of `read … sliced` cannot do without: asks Redis for the same parts over a plain socket, and looks at
// nothing. WHAT: batches, spectra, images.
import { args, connect, measured, passes } from "./common.js";
import { plainSocket } from "./plain.js";

const [what = ""] = args;
const { total, step } = {
  batches: { total: 10_000_000, step: 100_000 },
  spectra: { total: 10_000, step: 1000 },
  images: { total: 200, step: 10 },
}[what] ?? { total: 0, step: 1 };
const store = await connect();
const { keys } = await store.search({ session: `bench_${what}` });
const key = (await store.loadScan(keys[0] ?? "")).streams.get("s")?.key ?? "";
await store.close();
const socket = await plainSocket();

async function pass(): Promise<number> {
  let received = 0;
  for (let start = 0; start < total; start += step) {
    received += await socket.ask(["XRANGE", key, start, start + step - 1]);
  }
  return received;
}

await measured(await passes(pass));
socket.close();
