// Makes a fresh clone ready, in plain Node: `node scripts/setup.mjs demo|test`. What is done already is not done again.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (...parts) => join(root, ...parts);

/** So much is shown of a failing program's output. */
const MOST_LINES = 12;

class SetupError extends Error {}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function run(command, args, otherwise) {
  try {
    return execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if (error.code === "ENOENT")
      throw new SetupError(`${command} is missing: install it and run the command again.`);
    const lines = `${error.stdout ?? ""}${error.stderr ?? ""}`
      .split("\n")
      .filter((line) => line.trim() !== "");
    throw new SetupError([otherwise, ...lines.slice(0, MOST_LINES)].join("\n"));
  }
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newestBelow(folder) {
  return readdirSync(folder, { recursive: true }).reduce(
    (newest, name) => Math.max(newest, modified(join(folder, name))),
    modified(folder),
  );
}

function checkNode() {
  const wanted = JSON.parse(readFileSync(at("package.json"), "utf8")).engines.node.replace(">=", "");
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantedMajor, wantedMinor] = wanted.split(".").map(Number);
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    throw new SetupError(`Node ${wanted} or later is needed, this is ${process.versions.node}.`);
  }
}

function installPackages() {
  if (modified(at("node_modules", ".package-lock.json")) >= modified(at("package-lock.json"))) return;
  say("installing the packages (npm ci) …");
  run(
    "npm",
    ["ci", "--no-audit", "--no-fund"],
    "The packages cannot be installed (npm ci): is the package registry within reach?",
  );
}

function build() {
  const stamp = at("dist", ".built");
  const sources = Math.max(
    newestBelow(at("src")),
    modified(at("tsconfig.json")),
    modified(at("tsconfig.build.json")),
  );
  if (modified(stamp) >= sources) return;
  say("building …");
  run(process.execPath, [at("scripts", "build.mjs")], "The build failed:");
}

async function fetchRedis() {
  const { findRedisProgram } = await import("../dist/redis/server-binary.js");
  await findRedisProgram(() => say("fetching Redis with JSON and Search (50 MB) …"));
}

async function makePython() {
  const { cacheFolder } = await import("../dist/redis/cache-folder.js");
  const requirements = at("test", "support", "requirements.txt");
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = join(cacheFolder(), `python-${hash}`);
  if (!existsSync(join(folder, "complete"))) {
    say("making the tests' Python environment (blissdata, blisswriter, h5py) …");
    run(
      "python3",
      [at("scripts", "make_venv.py"), folder, requirements],
      "The tests' Python environment cannot be made: python3 with pip and the package index are needed.",
    );
  }
  mkdirSync(at(".nxlive"), { recursive: true });
  writeFileSync(at(".nxlive", "python"), `${join(folder, "bin", "python")}\n`);
}

/** One set-up at a time: two that install packages at once destroy each other's. */
async function alone(work) {
  mkdirSync(at(".nxlive"), { recursive: true });
  const lock = at(".nxlive", "setup.pid");
  if (!take(lock)) {
    say("waiting for another set-up of this folder …");
    while (!take(lock)) await sleep(200);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** False when another process that still runs has the lock. */
function take(lock) {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  const holder = holderOf(lock);
  if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true }); // killed in the middle
  return false;
}

/** The process that has the lock; 0 when it has given it back, or is about to write its number. */
function holderOf(lock) {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return 0;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function setUp(purpose) {
  installPackages();
  build();
  await fetchRedis();
  if (purpose === "test") await makePython();
}

const purpose = process.argv[2];
try {
  if (purpose !== "demo" && purpose !== "test")
    throw new SetupError("usage: node scripts/setup.mjs demo|test");
  checkNode();
  await alone(() => setUp(purpose));
} catch (error) {
  if (!(error instanceof SetupError) && error.code !== "ERR_REDIS_SERVER") throw error;
  say(error.message);
  process.exit(1);
}
