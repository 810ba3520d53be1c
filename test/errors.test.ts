import { inspect } from "node:util";
import { expect, test } from "vitest";
import { NxliveError } from "../src/index.js";

test("an error has the fields that it is about, and no others", () => {
  const error = new NxliveError("ERR_SOMETHING", "Something is wrong.", { scan: "esrf:scan:1", index: 0 });
  expect({ ...error }).toEqual({ name: "NxliveError", code: "ERR_SOMETHING", scan: "esrf:scan:1", index: 0 });
  expect(inspect(error)).not.toContain("undefined");
});
