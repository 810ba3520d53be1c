import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Program, Work } from "./harness.js";

/** The Python that `scripts/setup.mjs test` made. */
export function pythonPath(): string {
  return readFileSync(".nxlive/python", "utf8").trim();
}

/** Our side of a work: compiled beside this file. */
function ours(name: string): Program {
  return { command: process.execPath, script: fileURLToPath(new URL(`works/${name}.js`, import.meta.url)) };
}

function peers(name: string): Program {
  return { command: pythonPath(), script: `bench/peers/${name}.py` };
}

function work(
  group: string,
  name: string,
  program: string,
  args: readonly string[],
  unit: Work["unit"] = "s",
): Work {
  return { group, name, args, nxlive: ours(program), peer: peers(program), unit };
}

/** Every work, in the order of the table. */
export function works(): Work[] {
  return [
    work("publishing", "50,000 scalars one by one, 1 stream", "publish", ["single1", "50000"]),
    work("publishing", "5,000 scalars one by one, 20 streams", "publish", ["single20", "5000"]),
    work("publishing", "1,000 batches of 1,000 scalars", "publish", ["batches", "1000"]),
    work("publishing", "200 images of 1 MiB", "publish", ["images", "200"]),
    ...(["batches", "singles", "spectra", "images"] as const).flatMap((data) =>
      (["whole", "sliced", "iterated"] as const).map((how) =>
        work("reading", `${TITLES[data]}, ${how}`, "read", [data, how]),
      ),
    ),
  ];
}

const TITLES = {
  batches: "1,000,000 scalars in batches",
  singles: "100,000 single scalars",
  spectra: "10,000 spectra of 1,024",
  images: "200 images of 1 MiB",
};
