// npm run torture: kills, live readers and large files, bounded in time; the report goes to docs/torture.md.
//   node test/torture/main.mjs [--kills 250] [--seconds 60] [--scale 1]
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { report } from "./report.mjs";
import { killTrials, liveReaders } from "./trials.mjs";

const at = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "250" },
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
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [at("test/torture/large.mjs"), dist, folder, values.scale],
    { timeout: 1_200_000, killSignal: "SIGKILL" },
  );
  process.stderr.write(stdout);
  const large = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  writeFileSync(values.report, report({ started, kills, live, large }));
  const bad = [live.locking, live.unlocked, live.held].some(({ errors, wrong }) => errors + wrong > 0);
  process.exitCode = kills.wrong > 0 || bad || live.complaints !== "" ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
