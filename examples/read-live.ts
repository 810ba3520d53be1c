// Reads a scan while it is measured: npm run example read-live FILE [redis://…]
// Prints the diode's values as they arrive, then the mean of the last ones.
import { DataStore, File } from "nxlive";

const [path = "/data/demo.h5", url = process.env.REDIS_URL ?? "redis://localhost:6379"] =
  process.argv.slice(2);

const store = await DataStore.connect(url);
try {
  await using file = await File.open(path, { store });
  console.log(`${file}: ${(await file.keys()).join(", ")}`);

  // The newest entry, and the group's default signal.
  const diode = await file.get("/instrument/diode").dataset();
  console.log(`${diode.name}, ${String(diode.dtype)}, ${await diode.attrs.get("units")}`);

  // A slice waits for the points that it asks for; this one takes what is there.
  console.log("so far:", (await diode.slice(0, null, { wait: false })).toNested());

  for await (const value of diode) console.log(value);
  console.log("the last three:", (await diode.slice(-3)).toNested());

  // All columns of one moment, with one length: no torn rows.
  const snapshot = await file.snapshot();
  for (const name of await snapshot.get("/measurement").keys()) {
    console.log(name, await snapshot.get(`/measurement/${name}`).shape());
  }
} finally {
  await store.close();
}
