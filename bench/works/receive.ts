// receive WHAT: what the reading of `read … sliced` cannot do without: asks Redis for the same parts over a plain socket, and looks at
// nothing. WHAT: batches, spectra, images.
import { once } from "node:events";
import { createConnection } from "node:net";
import { args, connect, measured, passes, url } from "./common.js";

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
const PONG = Buffer.from("+PONG\r\n");

let received = 0;
let tail = Buffer.alloc(0);
let done = () => {};
const memory = Buffer.alloc(64 * 2 ** 10);
const onread = {
  buffer: memory,
  callback(length: number) {
    received += length;
    tail = Buffer.concat([tail, memory.subarray(Math.max(0, length - PONG.length), length)]).subarray(-7);
    if (tail.equals(PONG)) done();
    return true;
  },
};
const { hostname: host, port } = new URL(url);
const socket = createConnection({ host, port: Number(port), noDelay: true, onread });
await once(socket, "connect");

/** Sends a command, and PING to see where its reply ends. */
async function ask(...command: (string | number)[]): Promise<void> {
  const pong = new Promise<void>((resolve) => {
    done = resolve;
  });
  tail = Buffer.alloc(0);
  socket.write(`${command.join(" ")}\r\nPING\r\n`);
  await pong;
}

async function pass(): Promise<number> {
  received = 0;
  for (let start = 0; start < total; start += step) await ask("XRANGE", key, start, start + step - 1);
  return received;
}

await measured(await passes(pass));
socket.destroy();
