// disk HOW: reads a file on disk. HOW: small, whole, compressed, images.
import { type Dataset, File, type NdArray } from "nxlive";
import { args, checksum, FILE, measured } from "./common.js";

const [how = ""] = args;
// Loads the HDF5 library, as `import h5py` does for the peer.
await using loaded = await File.open(FILE);
await loaded.keys();
await measured(async () => {
  await using file = await File.open(FILE);
  const dataset = (await file.get(`/${how}`)) as Dataset;
  let result = 0;
  if (how === "small") {
    const slices: NdArray[] = [];
    for (let i = 0; i < 1000; i++) slices.push(await dataset.slice(i * 1000, i * 1000 + 10));
    for (const slice of slices) result += checksum(slice);
  } else if (how === "images") {
    for (let i = 0; i < 64; i++) result += checksum((await dataset.at(i)) as NdArray);
  } else result = checksum(await dataset.slice());
  return { result };
});
