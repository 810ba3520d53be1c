import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { messageOf } from "../../errors.js";
import { makeFolder } from "../../folders.js";
import { File } from "../../h5api/file.js";
import { startPrivateRedis } from "../../redis/server.js";
import { DataStore } from "../../scan/store.js";
import { Writer } from "../../writer/writer.js";
import { command, UsageError } from "../command.js";
import { liveAct, recordedAct } from "../demo/acts.js";
import { checkFiles } from "../demo/check.js";
import { Story } from "../demo/story.js";
import { WriterWatch } from "../demo/writer-watch.js";
import { linesBelow } from "../tree-lines.js";

export const demo = command({
  usage: "",
  help: `Tells in 20 seconds what nxlive does: starts a private Redis and a writer, replays a recorded scan, publishes
a live one and reads its diode while it is measured, shows the file that it became, and holds every dataset against
Redis. It needs no database and leaves nothing running; only the files stay.`,
  options: {
    directory: {
      type: "string",
      value: "DIR",
      description: "where to put the files (default: a new temporary folder)",
    },
  },
  redis: false,
  json: false,
  async run({ values, signal, stdout }) {
    const directory = await folderFor(values.directory);
    await using story = new Story(stdout);
    await story.tell("nxlive demo: the way of a scan from the beamline to the file");

    story.status("starting Redis");
    const onFetch = () => story.status("fetching Redis with JSON and Search (50 MB), only this once");
    await using redis = await startPrivateRedis({ onFetch });
    await using store = await DataStore.connect(redis.url, { signal });
    await store.initialise({ signal });
    await story.tell(`\n1. A private Redis with JSON and Search is ready at ${redis.url}`);

    await using writer = await Writer.start(store, { roots: [directory] });
    const watch = new WriterWatch(writer);
    await story.tell(`\n2. A writer waits for scans; it may write below ${directory}`);

    const stage = { store, directory, story, watch, signal };
    const recorded = await recordedAct(stage);
    const live = await liveAct(stage);
    const file = live.id.path ?? "";

    story.status("waiting for the writer");
    await writer.drain();
    const failures = await watch.failures([recorded.key, live.key]);
    for (const failure of failures) await story.tell(`   ${failure}`);

    await story.tell(`\n5. The writer has made ${file}:\n`);
    await showTree(file, story, signal);

    story.status("comparing the files with Redis");
    let [datasets, differences] = [0, 0];
    for (const scan of [recorded, live]) {
      const result = await checkFiles(scan, signal);
      datasets += result.datasets;
      differences += result.differences.length;
      for (const difference of result.differences) await story.tell(`   ${difference}`);
    }
    await story.tell(
      `\n6. ${datasets} datasets of both scans compared with Redis: ${differences || "no"} differences`,
    );
    await story.tell(`\nLook at it with h5py, silx or h5web:
   python3 -c "import h5py; print(h5py.File('${file}')['1.1/instrument/diode/data'][:])"
   silx view ${file}
   npx nxlive tree ${file}
   https://h5web.panosc.eu (drop the file there)

Done in ${story.elapsed.toFixed(0)} s. Nothing stays running; the files are in ${directory}`);
    return differences + failures.length === 0 ? 0 : 1;
  },
});

async function showTree(name: string, story: Story, signal: AbortSignal): Promise<void> {
  await using file = await File.open(name, { mode: "disk", signal });
  for await (const line of linesBelow(file, signal)) await story.tell(`   ${line}`);
}

async function folderFor(given: string | undefined): Promise<string> {
  if (given === undefined) return await mkdtemp(join(tmpdir(), "nxlive-demo-"));
  const directory = resolve(given);
  const names = await contentsOf(directory);
  if (names.length > 0) throw new UsageError(`--directory takes a new or an empty folder, not ${directory}`);
  return directory;
}

async function contentsOf(directory: string): Promise<string[]> {
  try {
    await makeFolder(directory);
    return await readdir(directory);
  } catch (error) {
    throw new UsageError(`--directory cannot be used: ${messageOf(error)}`);
  }
}
