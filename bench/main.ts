// Runs all works on a private Redis and prints one table: see docs/benchmarks.md. `--json` for machines, `--only TEXT`, `--rounds N`.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { startPrivateRedis } from "../src/redis/server.js";
import { measure } from "./harness.js";
import { lineOf, table } from "./report.js";
import { pythonPath, works } from "./works.js";

const { values } = parseArgs({
  options: { json: { type: "boolean" }, only: { type: "string" }, rounds: { type: "string", default: "3" } },
});
await using redis = await startPrivateRedis();
execFileSync(pythonPath(), ["bench/peers/prepare.py", redis.url]);
const lines = [];
for (const work of works().filter(({ name, group }) => `${group} ${name}`.includes(values.only ?? ""))) {
  process.stderr.write(`${work.group}: ${work.name}\n`);
  lines.push(lineOf(await measure(work, Number(values.rounds), redis.url)));
}
process.stdout.write(`${values.json ? JSON.stringify(lines, null, 1) : table(lines)}\n`);
