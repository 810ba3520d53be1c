// Runs all works on a private Redis and prints one table: see docs/benchmarks.md. `--json` for machines, `--only TEXT`, `--rounds N`; `--out FILE` keeps the
// numbers of each work as soon as it is measured.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startPrivateRedis } from "../src/redis/server.js";
import { DataStore } from "../src/scan/store.js";
import { measure } from "./harness.js";
import { type Failure, type Line, lineOf, table } from "./report.js";
import { pythonPath, works } from "./works.js";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    only: { type: "string" },
    out: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const wanted = works().filter(({ name, group }) => `${group}: ${name}`.includes(values.only ?? ""));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
await using redis = await startPrivateRedis();
await using store = await DataStore.connect(redis.url);
await store.initialise();
const prepared = new Set<string>();
const lines: (Line | Failure)[] = [];
for (const work of wanted) {
  process.stderr.write(`${work.group}: ${work.name}\n`);
  try {
    if (!prepared.has(work.group))
      execFileSync(pythonPath(), ["bench/peers/prepare.py", redis.url, work.group]);
    prepared.add(work.group);
    lines.push(lineOf(await measure(work, Number(values.rounds), redis.url)));
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${failure}\n`);
    lines.push({ group: work.group, work: work.name, failure: failure.split("\n")[0] ?? "" });
  }
  if (values.out !== undefined) writeFileSync(values.out, JSON.stringify(lines, null, 1));
}
const machine = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
};
if (values.json) process.stdout.write(`${JSON.stringify({ ...machine, lines }, null, 1)}\n`);
else {
  const { date, node, cpu, cores } = machine;
  process.stdout.write(`${date.slice(0, 16)}, ${cpu} (${cores} cores), Node ${node}\n\n${table(lines)}\n`);
}
process.exitCode = lines.some((line) => "failure" in line) ? 1 : 0;
