import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TreeDifference } from "./captures.js";

/** A row of the table in docs/deviations.md. */
export interface Deviation {
  readonly row: string;
  readonly always: boolean;
  covers(difference: TreeDifference): boolean;
}

const TABLE = fileURLToPath(new URL("../../docs/deviations.md", import.meta.url));

export function intendedDeviations(): Deviation[] {
  const rows = readFileSync(TABLE, "utf8")
    .split("\n")
    .filter((line) => /^\| (h5maps|scan-info)\//.test(line));
  return rows.map((row) => {
    const [capture = "", where = "", what = "", seen = ""] = row
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    const matches = [pattern(capture), pattern(where), pattern(what)] as const;
    return {
      row: `${capture} ${where} ${what}`,
      always: seen === "always",
      covers: (one) => [one.case, one.path, one.what].every((text, i) => matches[i]?.test(text)),
    };
  });
}

function pattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`);
}

/** The differences that no row of the table is about. */
export function unexpected(differences: readonly TreeDifference[]): TreeDifference[] {
  const deviations = intendedDeviations();
  return differences.filter((difference) => !deviations.some((deviation) => deviation.covers(difference)));
}
