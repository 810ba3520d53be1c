import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/writer/config.js";
import { DEFAULT_CONFIG, SETTINGS } from "../../src/writer/settings.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-config-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function configFile(content: unknown): Promise<string> {
  const file = join(folder, "writer.json");
  await writeFile(file, JSON.stringify(content));
  return file;
}

test("without any source there are the defaults", async () => {
  expect(await loadConfig({})).toEqual(DEFAULT_CONFIG);
});

test("flags win over the environment, the environment over the file, the file over the defaults", async () => {
  const file = await configFile({ session: "file", concurrency: 3, roots: ["/file"], logLevel: "warn" });
  const environment = { NXLIVE_SESSION: "environment", NXLIVE_CONCURRENCY: "4", NXLIVE_ROOTS: "/a:/b" };
  const config = await loadConfig({ file, environment, flags: { session: "flag" } });
  expect(config).toEqual({
    ...DEFAULT_CONFIG,
    session: "flag",
    concurrency: 4,
    roots: ["/a", "/b"],
    logLevel: "warn",
  });
});

test.each([
  [{ flags: { concurrency: "many" } }, /command line.*--concurrency.*integer from 1 to 1000/i],
  [{ environment: { NXLIVE_HTTP_PORT: "70000" } }, /environment.*NXLIVE_HTTP_PORT.*integer up to 65535/i],
  [{ flags: { root: ["data"] } }, /--root/],
])("%j is refused with the name of the setting", async (sources, message) => {
  await expect(loadConfig(sources)).rejects.toMatchObject({
    code: "ERR_CONFIGURATION",
    message: expect.stringMatching(message),
  });
});

test("an unknown key in the file is refused by name", async () => {
  const file = await configFile({ sesion: "id00" });
  await expect(loadConfig({ file })).rejects.toMatchObject({
    code: "ERR_CONFIGURATION",
    message: expect.stringContaining("sesion"),
  });
});

test("the table in docs/writer.md, the schema and the settings have the same keys and defaults", () => {
  const read = (path: string) =>
    readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
  const schema = JSON.parse(read("schemas/writer-config.schema.json")) as {
    properties: Record<string, { default?: unknown }>;
  };
  const rows = read("docs/writer.md")
    .split("\n")
    .filter((line) => /^\| `\w+` \|/.test(line))
    .map((line) => line.split("|").map((cell) => (/`([^`]+)`/.exec(cell)?.[1] ?? cell).trim()));
  expect(rows.map(([, key, flag, environment]) => [key, flag, environment])).toEqual(
    SETTINGS.map(({ key, flag, environment }) => [key, `--${flag}`, environment]),
  );
  expect(Object.keys(schema.properties)).toEqual(SETTINGS.map(({ key }) => key));
  for (const { key } of SETTINGS) {
    if (key !== "redis") expect(schema.properties[key]?.default, key).toEqual(DEFAULT_CONFIG[key]);
  }
});
