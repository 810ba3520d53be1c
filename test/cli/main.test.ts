import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.js";
import { MAIN, runCli, spawnCli } from "../support/cli.js";

test("--help lists every command and ends well", async () => {
  const { code, stdout, stderr } = await runCli(["--help"]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  for (const { name, summary } of COMMANDS)
    expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
});

test.each(COMMANDS.map(({ name }) => name))("%s --help tells its usage", async (name) => {
  const { code, stdout, stderr } = await runCli([name, "--help"]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(stdout).toMatch(new RegExp(`^Usage: nxlive ${name}`));
  expect(stdout).toContain("-h, --help");
});

test("--version is the package's", async () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect((await runCli(["--version"])).stdout).toBe(`nxlive ${(manifest as { version: string }).version}\n`);
});

test.each([
  ["no command", [], "Usage: nxlive COMMAND"],
  ["an unknown command", ["measure"], "there is no command measure; see nxlive --help"],
  ["help with an unknown command", ["help", "measure"], "there is no command measure; see nxlive --help"],
  ["an unknown option", ["scans", "--sesion", "a"], "Unknown option '--sesion'; see nxlive scans --help"],
  ["a value that looks like an option", ["scans", "--session", "--json"], "use '--session=-XYZ'; see"],
  ["a missing argument", ["show"], "SCAN|last is missing"],
  ["an argument too many", ["show", "a", "b"], "unexpected argument b"],
  [
    "a speed that is none",
    ["replay", "x.jsonl", "--speed", "fast"],
    '--speed takes a number above 0, or max, not "fast"',
  ],
  ["no speed at all", ["replay", "x.jsonl", "--speed", "0"], "--speed takes a number above 0"],
  ["a negative speed", ["replay", "x.jsonl", "--speed", "-1"], 'or max, not "-1"; see nxlive replay --help'],
  ["half a scan", ["status", "--last", "1.5"], "--last takes a whole number, not 1.5"],
  ["a relative path to move", ["replay", "x.jsonl", "--rebase", "a=/b"], "--rebase takes two absolute paths"],
  ["a size that is none", ["redis", "--maxmemory", "much"], "maxmemory must be a size"],
  ["a port that is none", ["redis", "--port", "66666"], "port must be an integer from 1 to 65535"],
  [
    "a setting of the writer that is none",
    ["write", "--compression", "zip"],
    "--compression: expected one of",
  ],
  ["a relative root", ["write", "--root", "data"], "--root[0]: expected absolute path of a folder"],
  ["a level that is none", ["track", "--log-level", "loud"], "--log-level is one of trace, debug, info"],
  ["a URL that is none", ["scans", "--redis", "nonsense"], "Cannot read the Redis URL"],
])("%s is wrong use: code 2 and one line", async (_, args, message) => {
  const { code, stdout, stderr } = await runCli(args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
});

test.each([["init"], ["scans"], ["show", "last"], ["replay", "x.jsonl"]])(
  "%s says in one line that Redis does not answer",
  async (...args) => {
    const { code, stdout, stderr } = await runCli([...args, "--redis", "redis://127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^nxlive \w+: Cannot reach Redis at redis:\/\/127\.0\.0\.1:1.*\[ERR_REDIS_UNREACHABLE\]\n$/,
    );
  },
);

test("--debug shows where an error came from", async () => {
  const { stderr } = await runCli(["scans", "--redis", "redis://127.0.0.1:1", "--debug"]);
  expect(stderr).toMatch(/\n {4}at /);
});

test("the database may come from $REDIS_URL", async () => {
  const { stderr } = await runCli(["scans"], { REDIS_URL: "redis://127.0.0.1:2" });
  expect(stderr).toContain("redis://127.0.0.1:2");
});

test("output that nobody reads to its end is no failure, as in `| head`", async () => {
  const child = spawnCli(["map", "--help"]);
  child.stdout.destroy();
  expect(await text(child.stderr)).toBe("");
  expect(child.exitCode ?? (await once(child, "exit"))[0]).toBe(0);
});

test("output that cannot be written is a failure that is told", async () => {
  const file = await open(MAIN); // for reading only
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "--help"], {
    stdio: ["ignore", file.fd, "pipe"],
    encoding: "utf8",
  });
  await file.close();
  expect(stderr).toMatch(/^nxlive: cannot write the output: EBADF.*\n$/);
  expect(status).toBe(1);
});
