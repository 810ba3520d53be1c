import type { Output } from "./command.js";

/**
 * Draws a table over the one before; gives its number of lines. Of more lines than the terminal has, which cannot be drawn over,
 * only the titles and the last ones are shown.
 */
export async function redraw(output: Output, before: number, lines: readonly string[]): Promise<number> {
  const most = Math.max(1, output.rows - 1); // below it stands the cursor
  const shown = lines.length > most ? [...lines.slice(0, 1), ...lines.slice(lines.length - most + 1)] : lines;
  const up = before > 0 ? `\u001b[${before}A` : "";
  const text = shown.map((line) => `\u001b[2K${line.slice(0, output.columns)}\n`).join("");
  await output.write(`${up}${text}\u001b[J`);
  return shown.length;
}
