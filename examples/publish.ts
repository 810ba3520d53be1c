/**
 * Publishes one scan with a diode, a camera and a log, as a beamline would.
 *
 * REDIS_URL=redis://localhost:6379 npm run example publish
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DataStore, mapping } from "nxlive";

const POINTS = 20;

await using store = await DataStore.connect(process.env.REDIS_URL ?? "redis://localhost:6379");
const path = "/tmp/nxlive-example.h5";
const scan = await store.createScan(
  { name: "ascan", number: 1, data_policy: "no_policy", session: "example", path },
  { title: `ascan roby 0 9 ${POINTS}` },
);
const diode = scan.createStream("diode", { dtype: "<f8", info: { unit: "V" } });
const camera = scan.createStream("camera:image", { dtype: "<u2", shape: [64, 64] });
const log = scan.createStream("log", { dtype: "json" });
scan.info.h5maps = {
  [path]: mapping.root({
    "1.1": mapping.entry({
      title: `ascan roby 0 9 ${POINTS}`,
      instrument: mapping.group("NXinstrument", {
        diode: mapping.group("NXdetector", { data: mapping.stream("diode", { units: "V" }) }),
        camera: mapping.group("NXdetector", { data: mapping.stream("camera:image") }),
      }),
      measurement: mapping.group("NXcollection", { diode: mapping.softLink("/1.1/instrument/diode/data") }),
    }),
  }),
};
await scan.prepare();
await scan.start();
for (let i = 0; i < POINTS; i++) {
  await diode.send(Math.sin(i / 3));
  await camera.send(new Uint16Array(64 * 64).fill(i));
  await log.send({ point: i, message: "done" });
  await sleep(100);
}
await scan.stop(); // seals the streams
scan.info.end_reason = "SUCCESS";
await scan.close();
console.log(`published ${scan.key}`);
