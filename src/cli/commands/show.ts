import { messageOf } from "../../errors.js";
import type { DType } from "../../ndarray/dtype.js";
import type { FollowableStream } from "../../stream/followable.js";
import { command } from "../command.js";
import { scanLine, scanOf } from "../scan-listing.js";
import { table } from "../table.js";

interface StreamLine {
  readonly name: string;
  readonly length: number | null;
  readonly sealed: boolean | null;
  readonly dtype: DType;
  /** Shape of one point; -1 where it varies. */
  readonly shape: readonly number[];
  readonly plugin: string | null;
  /** Why the stream cannot be read. */
  readonly error?: string;
}

export const show = command({
  usage: "SCAN|last",
  help: `Shows one scan: what it is found by, its state, and its streams with their lengths, dtypes and the shapes
of their points. SCAN is a key as \`nxlive scans\` lists them; last is the newest scan.`,
  options: {},
  positionals: [1, 1],
  async run({ positionals: [name = "last"], connect, signal, json, print, printJson }) {
    const scan = await scanOf(await connect(), name, signal);
    const { proposal, collection, dataset, data_policy } = scan.id;
    const title = typeof scan.info.title === "string" ? scan.info.title : null;
    const facts = { ...scanLine(scan), title, data_policy, proposal, collection, dataset };
    const streams = await Promise.all(
      [...scan.streams].map(([key, stream]) => streamLine(key, stream, signal)),
    );
    if (json) {
      await printJson({ ...facts, streams });
      return 0;
    }
    for (const [fact, value] of Object.entries(facts)) {
      if (value !== null && value !== "") await print(`${fact.padEnd(13)}${value}`);
    }
    await print("");
    const rows = streams.map((stream) => [
      stream.name,
      stream.error === undefined ? `${stream.length}${stream.sealed ? "" : "+"}` : "-",
      typeof stream.dtype === "string" ? stream.dtype : JSON.stringify(stream.dtype),
      `(${stream.shape.join(", ")})`,
      stream.error ?? stream.plugin ?? "",
    ]);
    for (const row of table(["stream", "length", "dtype", "shape", ""], rows)) await print(row);
    return 0;
  },
});

async function streamLine(name: string, stream: FollowableStream, signal: AbortSignal): Promise<StreamLine> {
  const { dtype, shape, plugin } = stream;
  try {
    const [length, sealed] = await Promise.all([stream.length({ signal }), stream.isSealed({ signal })]);
    return { name, length, sealed, dtype, shape, plugin };
  } catch (error) {
    signal.throwIfAborted();
    return { name, length: null, sealed: null, dtype, shape, plugin, error: messageOf(error) };
  }
}
