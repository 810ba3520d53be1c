// Two writers divide the scans of a session; one is killed in the middle, the other takes over, and nothing is missing.
// In a checkout: npm ci && npm run build && node examples/two-writers/two-writers.mjs
// On several machines it is the same: writers that share the file system and the Redis need no other configuration.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DataStore, mapping } from "nxlive";

// The program itself, not npx: that would keep signals to itself.
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const nxlive = (...args) =>
  spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
const folder = await mkdtemp(join(tmpdir(), "nxlive-two-writers-"));

const redis = nxlive("redis");
const [url] = await once(createInterface(redis.stdout), "line");
const write = (...args) => nxlive("write", "--redis", url, "--session", "demo", "--root", folder, ...args);
const writers = [write(), write()];

const store = await DataStore.connect(url);
const scans = [];
for (let number = 1; number <= 8; number++) {
  const path = join(folder, `scan${number}.h5`);
  const scan = await store.createScan({
    name: "ascan",
    number,
    data_policy: "no_policy",
    session: "demo",
    path,
  });
  const diode = scan.createStream("diode", { dtype: "<f8", info: { unit: "V" } });
  scan.info.h5maps = {
    [path]: mapping.root({
      [`${number}.1`]: mapping.entry({
        title: `scan ${number}`,
        instrument: mapping.group("NXinstrument", {
          diode: mapping.group("NXdetector", { data: mapping.stream("diode", { units: "V" }) }),
        }),
      }),
    }),
  };
  await scan.prepare();
  await scan.start();
  scans.push({ scan, diode });
}
for (let point = 0; point < 40; point++) {
  for (const { diode } of scans) await diode.send(Math.sin(point / 5));
  if (point === 20) {
    console.log("--- one writer is killed");
    writers[0].kill("SIGKILL");
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
for (const { scan } of scans) {
  await scan.stop();
  await scan.close();
}

await once(write("--until-idle", "1"), "exit");
writers[1].kill("SIGTERM");
await once(writers[1], "exit");
const status = nxlive("status", "--redis", url);
status.stdout.pipe(process.stdout);
await once(status, "exit");
await store.close();
redis.kill("SIGTERM");
await once(redis, "exit");
console.log(`The files are in ${folder}.`);
