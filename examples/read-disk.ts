// Reads a file that was written before, with the lines that read it live: npm run example read-disk FILE
import { type Dataset, File } from "nxlive";

const [path = "/data/demo.h5"] = process.argv.slice(2);

await using file = await File.open(path, { mode: "disk" });
for await (const entry of file) {
  console.log(`${entry}: ${await file.get(`/${entry}/title`).value()}`);
}

// Everything that is in the newest entry, as h5py's visititems.
await file.visit(async (name, node) => {
  if (node.kind === "dataset") console.log(name, await node.shape(), node.dtype);
});

// Large data in blocks of about a megabyte, one in memory at a time.
const diode: Dataset = await file.get("/instrument/diode").dataset();
let sum = 0;
let count = 0;
for await (const block of diode.blocks()) {
  for (let i = 0; i < block.size; i++) sum += Number(block.flat(i));
  count += block.size;
}
console.log(`mean of ${count} points: ${sum / count}`);
