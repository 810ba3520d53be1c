import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { outputOf } from "../../src/cli/output.js";
import { redraw } from "../../src/cli/redraw.js";

const LINES = ["titles", "one", "two", "three", "four"];

function terminal(size: { columns: number; rows: number }) {
  const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true, ...size });
  const output = outputOf(stream, (error) => {
    throw error;
  });
  return { stream, output, shown: () => String(stream.read()).match(/(?<=\[2K).*/g) };
}

test("a terminal that does not know its size shows the whole table", async () => {
  const { output, shown } = terminal({ columns: 0, rows: 0 });
  expect(await redraw(output, 0, LINES)).toBe(5);
  expect(shown()).toEqual(LINES);
});

test("a table higher than the terminal keeps its titles and last lines, so that it can be drawn over", async () => {
  const { output, shown } = terminal({ columns: 80, rows: 4 });
  expect(await redraw(output, 0, LINES)).toBe(3);
  expect(shown()).toEqual(["titles", "three", "four"]);
});

test("a table follows the terminal's size", async () => {
  const { stream, output, shown } = terminal({ columns: 3, rows: 24 });
  await redraw(output, 0, LINES);
  expect(shown()).toEqual(["tit", "one", "two", "thr", "fou"]);
  stream.columns = 4;
  await redraw(output, 5, LINES);
  expect(shown()).toEqual(["titl", "one", "two", "thre", "four"]);
});
