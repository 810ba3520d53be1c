// latency HOW: from XADD to the value in the reader's hands. HOW: cursor, dataset (iteration), slice (waiting). The first
// points of the quick ones are not measured.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { File, type NdArray } from "nxlive";
import { args, connect, measured, url } from "./common.js";

const [how = ""] = args;
const [unmeasured, points, interval] = how === "slice" ? [0, 100, 0.02] : [3000, 4000, 0.002];
const path = `/bench/latency-${randomUUID()}.h5`;
const python = readFileSync(".nxlive/python", "utf8").trim();
const ticker = spawn(python, ["bench/peers/ticker.py", url, String(points), String(interval), path], {
  stdio: ["pipe", "pipe", "inherit"],
});
const key = await new Promise<string>((resolve) => createInterface(ticker.stdout).once("line", resolve));
const store = await connect();
const latencies: number[] = [];
const go = () => ticker.stdin.end("go\n");
/** Python's time.monotonic is the clock of hrtime. */
const arrived = (value: unknown) => latencies.push(Number(process.hrtime.bigint()) / 1e9 - Number(value));

await measured(async () => {
  if (how === "cursor") {
    const stream = (await store.loadScan(key)).streams.get("s");
    if (!stream) throw new Error("the scan has no stream");
    go();
    for await (const view of stream.cursor()) for (const value of numbers(await view.data())) arrived(value);
  } else {
    await using file = await File.open(path, { store });
    const dataset = file.get("/1.1/instrument/s/data");
    await dataset;
    go();
    if (how === "dataset") for await (const value of dataset) arrived(value);
    else {
      for (let i = 0; i < points; i++) arrived(numbers(await dataset.slice(i, i + 1))[0]);
    }
  }
  return { result: { points: latencies.length }, latencies: latencies.slice(unmeasured) };
});
await store.close();

function numbers({ data }: NdArray): Float64Array {
  if (data instanceof Float64Array) return data;
  throw new Error("the times are float64");
}
