import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Program, Work } from "./harness.js";

/** The Python that `scripts/setup.mjs test` made. */
export function pythonPath(): string {
  return readFileSync(".nxlive/python", "utf8").trim();
}

/** Our side of a work: compiled beside this file. */
function ours(name: string): Program {
  return {
    command: process.execPath,
    script: fileURLToPath(new URL(`works/${name}.js`, import.meta.url)),
  };
}

function peers(name: string): Program {
  return { command: pythonPath(), script: `bench/peers/${name}.py` };
}

/** Every work, in the order of the table. */
export function works(): Work[] {
  return [
    ...publishing(),
    ...reading(),
    ...latencies(),
    ...opening(),
    ...files(),
    ...hdf5(),
    ...writing(),
    ...growth(),
  ];
}

function publishing(): Work[] {
  const work = (name: string, ...args: string[]): Work => ({
    group: "publishing",
    name,
    args,
    nxlive: ours("publish"),
    peer: peers("publish"),
    unit: "s",
  });
  return [
    work("200,000 scalars one by one, 1 stream", "single1", "200000"),
    work("10,000 scalars one by one, 20 streams", "single20", "10000"),
    work("10,000 batches of 1,000 scalars", "batches", "10000"),
    work("500 images of 1 MiB", "images", "500"),
    // CPU time of the server, whoever publishes: nobody can be done earlier.
    work("limit: Redis' own time for 10,000 batches", "batches", "10000", "server"),
    work("limit: Redis' own time for 500 images", "images", "500", "server"),
  ];
}

const DATA = {
  batches: "10,000,000 scalars in batches",
  singles: "100,000 single scalars",
  spectra: "10,000 spectra of 1,024",
  images: "200 images of 1 MiB",
};

function reading(): Work[] {
  const work = (program: string, name: string, ...args: string[]): Work => ({
    group: "reading",
    name: `${name}, 5 times`,
    args,
    nxlive: ours(program),
    peer: peers(program),
    unit: "s",
  });
  return [
    ...Object.entries(DATA).flatMap(([data, title]) =>
      ["whole", "sliced", "iterated"].map((how) => work("read", `${title}, ${how}`, data, how)),
    ),
    // What the slicing takes at Redis and in the kernel: no reader that asks for the same parts and returns arrays can be faster.
    ...["batches", "spectra", "images"].map((data) =>
      work("receive", `limit: the bytes of ${data}, sliced`, data),
    ),
  ];
}

function latencies(): Work[] {
  const ways = { cursor: "a cursor", dataset: "iterating a dataset", slice: "a waiting slice" };
  return Object.entries(ways).map(([how, title]) => ({
    group: "latency",
    name: `from XADD to ${title}`,
    args: [how],
    nxlive: ours("latency"),
    peer: peers("latency"),
    unit: "ms",
  }));
}

function opening(): Work[] {
  const work = (program: string, name: string, ...args: string[]): Work => ({
    group: "opening",
    name,
    args,
    nxlive: ours(program),
    peer: peers(program),
    unit: "ms",
  });
  return [
    ...[1, 100, 1000].map((scans) =>
      work("open", `a virtual file of ${scans} scans, first value`, String(scans)),
    ),
    work("open", "a virtual file of 1 scans, first value, for the second time", "1", "again"),
    work("open", "a virtual file of 1 scans, first value, again and again", "1", "often"),
    work("open", "from the start of the program to a first value", "1", "start"),
    {
      ...work("open", "limit: a virtual file of 1 scans, first value, all code compiled before", "1"),
      nxlive: { ...ours("open"), options: ["--no-lazy"] },
    },
    // What asking Redis takes in a program that has just begun, without any code of a library.
    work("rounds", "limit: the round trips to a first value"),
    work("rounds", "limit: the round trips to a first value, for the second time", "again"),
  ];
}

function files(): Work[] {
  const ways = {
    small: "1,000 slices of 10 values",
    whole: "64 MiB of spectra, whole",
    compressed: "64 MiB of spectra, gzip and shuffle",
    images: "64 images of 1 MiB, one by one",
  };
  // What the reading itself takes, without HDF5: no reader can be faster.
  const limits = {
    new: "limit: 64 MiB into new memory",
    used: "limit: 64 MiB into memory used before",
    short: "limit: 1,000 reads of 80 bytes",
  };
  const work = (program: string, how: string, name: string): Work => ({
    group: "files",
    name,
    args: [how],
    nxlive: ours(program),
    peer: peers(program),
    unit: "s",
  });
  return [
    ...Object.entries(ways).map(([how, title]) => work("disk", how, title)),
    ...Object.entries(limits).map(([how, title]) => work("limits", how, title)),
  ];
}

/** The HDF5 writer alone, beside h5py. */
function hdf5(): Work[] {
  const ways = {
    gzip: "512 MiB through shuffle and gzip 4, in chunks of 1 MiB",
    raw: "512 chunks of 1 MiB, uncompressed",
    points: "100,000 single values to each of 20 datasets, a commit every 0.5 s",
  };
  return Object.entries(ways).map(([how, title]) => ({
    group: "hdf5",
    name: title,
    args: [how],
    nxlive: ours("hdf5"),
    peer: peers("hdf5"),
    unit: "s",
    rounds: how === "points" ? 1 : 3, // the peer takes minutes for these
  }));
}

/** Both writers are driven by one program: the writer is a process of its own. */
function writing(): Work[] {
  const loads = {
    scalars: "20 streams of 50,000 scalars",
    stream: "20 streams of 50,000 scalars, ten at a time",
    images: "2,000 images of 512 × 512 uint16",
    spectra: "50 streams of 2,000 spectra of 1,024 float32",
    scans: "100 short scans into one file",
  };
  const driven = (program: string, writer: string): Program => ({ ...ours(program), args: [writer] });
  const works = Object.entries(loads).map(
    ([load, title]): Work => ({
      group: "writing",
      name: title,
      args: [load],
      nxlive: driven("writer", "nxlive"),
      peer: driven("writer", "blisswriter"),
      peerTries: 5, // it misses scans
      unit: "s",
    }),
  );
  const captures: Work = {
    group: "writing",
    name: "24 recorded scans in 13 files",
    args: [],
    nxlive: driven("captures", "nxlive"),
    peer: driven("captures", "blisswriter"),
    peerTries: 5,
    unit: "s",
  };
  const recovery: Work = {
    group: "writing",
    name: "kill -9 in the middle of 20 streams of 50,000 scalars: from the restart to the complete file",
    args: ["scalars"],
    nxlive: ours("recovery"),
    peer: null,
    unit: "s",
  };
  const limit: Work = {
    group: "writing",
    name: "limit: 8 MB into a new file",
    args: [],
    nxlive: ours("fill"),
    peer: peers("fill"),
    unit: "s",
  };
  return [...works, captures, recovery, limit];
}

/** What nxlive needs for one more point, scan or stream, as there are more of them: flat lines are wanted. */
function growth(): Work[] {
  const line = (what: string, title: string, counts: readonly number[], unit = 1): Work[] =>
    counts.map((count) => ({
      group: "growth",
      name: `${count.toLocaleString("en")} ${title}`,
      args: [what, String(count)],
      nxlive: ours("growth"),
      peer: null,
      unit: "s",
      count: count * unit,
      ...(count > 1e6 || (what === "scans" && count > 1000) ? { rounds: 1 } : {}),
    }));
  return [
    ...line("read", "points of one stream, read", [1e4, 1e5, 1e6, 1e7]),
    ...line("channels", "channels without a mapping, listed", [1000, 5000, 20_000]),
    ...line("points", "points of one stream, written", [1e4, 1e5, 1e6, 1e7]),
    ...line("scans", "scans in one file, written", [10, 1000, 10_000]),
    ...line("streams", "streams of 100 points, written", [1, 100, 1000]),
  ];
}
