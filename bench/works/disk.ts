// disk HOW: reads a file on disk. HOW: small, whole, compressed, images.
import { File } from "nxlive";
import { args, checksum, FILE, measured } from "./common.js";

const [how = ""] = args;
await measured(async () => {
  await using file = await File.open(FILE);
  const dataset = file.get(`/${how}`);
  let result = 0;
  if (how === "small") {
    for (let i = 0; i < 1000; i++) result += checksum(await dataset.slice(i * 1000, i * 1000 + 10));
  } else if (how === "images") {
    for (let i = 0; i < 64; i++) result += checksum(await dataset.slice(i));
  } else result = checksum(await dataset.slice());
  return { result };
});
