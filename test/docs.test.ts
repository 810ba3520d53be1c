import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PAGES = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));

test("the index of the documentation lists every page once", () => {
  const index = readFileSync(join(ROOT, "docs", "README.md"), "utf8");
  const listed = [...index.matchAll(/^\| \[[^\]]+\]\(([^)]+)\)/gm)].map(([, page]) => page);
  expect(new Set([...listed, "README.md"])).toEqual(new Set(PAGES));
  expect(listed).toHaveLength(PAGES.length - 1);
});

test.each(["README.md", "CHANGELOG.md", "fixtures/README.md", ...PAGES.map((page) => `docs/${page}`)])(
  "the links in %s lead somewhere",
  (page) => {
    const text = readFileSync(join(ROOT, page), "utf8");
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
    const broken = links.filter(
      (link) => !/^\w+:/.test(link) && !existsSync(join(ROOT, dirname(page), link)),
    );
    expect(broken).toEqual([]);
  },
);

test("the README shows both commands first", () => {
  const [first = ""] =
    /```sh\n([^`]*)```/.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.slice(1) ?? [];
  expect(first).toMatch(/^npm run demo .*\nnpm test .*\n$/);
});

const ENTRIES = ["index.ts", "writer/index.ts", "tracker/index.ts"];

test.each(ENTRIES)("every name that src/%s exports is in the reference", (file) => {
  const source = readFileSync(join(ROOT, "src", file), "utf8");
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}|^export \* as (\w+)/gm)];
  const names = lists.flatMap(([, list, one = ""]) => list?.match(/\w+(?=\s*(?:,|$))/g) ?? [one]);
  expect(names.length).toBeGreaterThan(2);
  const reference = readFileSync(join(ROOT, "docs", "reference.md"), "utf8");
  expect(names.filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
});

test("the reference names nothing that is not exported", () => {
  const sources = ENTRIES.map((file) => readFileSync(join(ROOT, "src", file), "utf8"));
  const exported = new Set(sources.join().match(/\w+/g));
  const rows = readFileSync(join(ROOT, "docs", "reference.md"), "utf8").split("\n");
  const named = rows
    .filter((row) => row.startsWith("|"))
    .flatMap((row) => row.match(/(?<=`)\w+(?=`)/g) ?? []);
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((name) => !exported.has(name))).toEqual([]);
});

test("every error code is explained in the documentation, and none that does not exist", () => {
  const codesIn = (text: string) => new Set(text.match(/\bERR_[A-Z0-9]+(?:_[A-Z0-9]+)*\b/g));
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, "src", name), "utf8"));
  const raised = new Set(sources.flatMap((text) => text.match(/(?<=super\(\s*")ERR_\w+(?=")/g) ?? []));
  const explained = codesIn(PAGES.map((page) => readFileSync(join(ROOT, "docs", page), "utf8")).join());
  expect([...raised].filter((code) => !explained.has(code))).toEqual([]);
  const existing = codesIn(sources.join());
  expect([...explained].filter((code) => !existing.has(code))).toEqual([]);
});
