import { replayCaptures } from "../../redis/replay.js";
import { command, UsageError } from "../command.js";
import { withDatabase } from "../database.js";

export const replay = command({
  usage: "CAPTURE.jsonl[.gz]…",
  help: `Sends the commands of recorded publishers in order, with the pauses of the recording, so that real
scans can be used anywhere. A capture holds one JSON text a line: {"t": seconds, "args": [text or {"b64": …}, …]}.
Several captures are sent one after the other. All are checked before anything is sent.`,
  options: {
    speed: {
      type: "string",
      value: "X|max",
      description: "X times as fast, or as fast as Redis takes it (default: 1)",
    },
    rebase: {
      type: "string",
      multiple: true,
      value: "OLD=NEW",
      description: "replace the path prefix OLD in the scans by NEW; may be given several times",
    },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(context) {
    const { values, positionals, signal, json, print, printJson } = context;
    const speed = speedOf(values.speed ?? "1");
    const rebase = (values.rebase ?? []).map(moveOf);
    return await withDatabase(context, async (client) => {
      const captures = await replayCaptures(client, positionals, { speed, rebase, signal });
      if (json) {
        await printJson(captures);
        return 0;
      }
      for (const { file, commands, scans } of captures) {
        await print(`${file}: ${commands} commands, ${scans.length} scan${scans.length === 1 ? "" : "s"}`);
      }
      return 0;
    });
  },
});

function speedOf(text: string): number {
  if (text === "max") return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (speed > 0 && Number.isFinite(speed)) return speed;
  throw new UsageError(`--speed takes a number above 0, or max, not ${JSON.stringify(text)}`);
}

function moveOf(text: string): { from: string; to: string } {
  const separator = text.indexOf("=");
  const from = text.slice(0, separator);
  const to = text.slice(separator + 1);
  if (separator < 0 || !from.startsWith("/") || !to.startsWith("/")) {
    throw new UsageError(`--rebase takes two absolute paths as OLD=NEW, not ${JSON.stringify(text)}`);
  }
  return { from, to };
}
