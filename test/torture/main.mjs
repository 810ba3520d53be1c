// npm run torture: kills, live readers and large files, bounded in time; the report goes to docs/torture.md.
//   node test/torture/main.mjs [--kills 200] [--seconds 60] [--scale 1]
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { killTrials, liveReaders } from "./trials.mjs";

const at = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seconds: { type: "string", default: "60" },
    scale: { type: "string", default: "1" },
    dist: { type: "string", default: at("dist") },
    report: { type: "string", default: at("docs/torture.md") },
  },
});
const python = existsSync(at(".nxlive/python"))
  ? readFileSync(at(".nxlive/python"), "utf8").trim()
  : "python3";
const folder = mkdtempSync(join(tmpdir(), "nxlive-torture-"));
const { dist } = values;
const started = new Date();
try {
  const kills = await killTrials({ dist, python, folder, count: Number(values.kills) });
  process.stderr.write(`${JSON.stringify(kills)}\n`);
  const live = await liveReaders({ dist, python, folder, seconds: Number(values.seconds) });
  process.stderr.write(`${JSON.stringify(live)}\n`);
  const { stdout } = await promisify(execFile)(process.execPath, [
    at("test/torture/large.mjs"),
    dist,
    folder,
    values.scale,
  ]);
  process.stderr.write(stdout);
  const large = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  writeFileSync(values.report, report(kills, live, large));
  const bad = [live.locking, live.unlocked, live.held].some(({ errors, wrong }) => errors + wrong > 0);
  process.exitCode = kills.wrong > 0 || bad || live.complaints !== "" ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function report(kills, live, large) {
  const minutes = ((Date.now() - started.getTime()) / 60_000).toFixed(1);
  const reader = (name, { opens, reads, errors, wrong }) =>
    `| ${name} | ${opens ?? reads} | ${errors} | ${wrong} |`;
  const rows = large.map(
    ({ name, steps, microseconds, megabytes, bytes }) =>
      `| ${name} | ${steps} | ${microseconds.join(", ")} | ${megabytes.join(", ")} | ${(bytes / 2 ** 20).toFixed(1)} |`,
  );
  return `# Torture of the HDF5 writer: last report

\`npm run torture\` on ${started.toISOString().slice(0, 16)} UTC, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, ${minutes} minutes.
What is promised is in [hdf5-engine.md](hdf5-engine.md); the programs are in \`test/torture/\`.

## kill -9 at random moments under full load

${kills.trials} trials on ${Math.ceil(kills.trials / 15)} files (${kills.killed} killed, the others ended by themselves), ${kills.commits} commits acknowledged as of the ends.
After each h5py opened the file and compared every value, and everything acknowledged had to be there; then the next writer resumed the
file. After a clean end h5py extended a copy, added and deleted items and compared again. Quarantine 10 minutes and 0 in turn.
**Wrong: ${kills.wrong}.**

## Live readers

${live.seconds} s of writing at full speed (${live.commits} commits, ${(live.size / 2 ** 20).toFixed(1)} MiB after close). The two that reopen go on while the writer closes the file.

| reader (h5py, unmodified) | passes | errors | wrong values |
|---|---|---|---|
${reader("reopens and reads, default locking", live.locking)}
${reader("reopens and reads, locking off", live.unlocked)}
${reader("one handle all the time, refreshing", live.held)}

## Large things

Time per operation and memory of the process, at four quarters of the way.

| what | operations | µs per operation | resident MiB | file MiB |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
