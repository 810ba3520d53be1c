import type { Command } from "./command.js";

export interface Entry {
  readonly name: string;
  /** Its line in `nxlive --help`. */
  readonly summary: string;
  /** Loads it: only the command that runs is read from disk. */
  readonly load: () => Promise<Command>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly Entry[] = [
  {
    name: "redis",
    summary: "run a private Redis, ready for scans",
    load: async () => (await import("./commands/redis.js")).redis,
  },
  {
    name: "init",
    summary: "prepare an empty database for scans",
    load: async () => (await import("./commands/init.js")).init,
  },
  {
    name: "replay",
    summary: "send the commands of recorded publishers again",
    load: async () => (await import("./commands/replay.js")).replay,
  },
  {
    name: "scans",
    summary: "list the scans of a database",
    load: async () => (await import("./commands/scans.js")).scans,
  },
  {
    name: "show",
    summary: "show one scan and its streams",
    load: async () => (await import("./commands/show.js")).show,
  },
  {
    name: "map",
    summary: "show the files that a scan becomes",
    load: async () => (await import("./commands/map.js")).map,
  },
  {
    name: "tree",
    summary: "show what is in a file, live or on disk",
    load: async () => (await import("./commands/tree.js")).tree,
  },
  {
    name: "get",
    summary: "print the data of a dataset, or follow it",
    load: async () => (await import("./commands/get.js")).get,
  },
  {
    name: "write",
    summary: "write scans into their HDF5 files, as a service",
    load: async () => (await import("./commands/write.js")).write,
  },
  {
    name: "status",
    summary: "show how far scans are written",
    load: async () => (await import("./commands/status.js")).status,
  },
  {
    name: "diff",
    summary: "compare two HDF5 files",
    load: async () => (await import("./commands/diff.js")).diff,
  },
  {
    name: "track",
    summary: "keep the memory of a database within its limit",
    load: async () => (await import("./commands/track.js")).track,
  },
  {
    name: "demo",
    summary: "a scan's way from the beamline to the file, in 20 seconds",
    load: async () => (await import("./commands/demo.js")).demo,
  },
];
