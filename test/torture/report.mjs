import { cpus } from "node:os";

/** The page `docs/torture.md` of a run. */
export function report({ started, kills, live, large, ended = Date.now() }) {
  const minutes = ((ended - started.getTime()) / 60_000).toFixed(1);
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

${kills.trials} trials on ${Math.ceil(kills.trials / 15)} files (${kills.killed} killed, the others ended by themselves).
After each h5py opened the file and compared every value, and everything acknowledged had to be there; then the next writer resumed the
file. After clean ends, and as often after kills, h5py extended a copy, added and deleted items and compared again. Quarantine 10 minutes and 0 in turn.
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
