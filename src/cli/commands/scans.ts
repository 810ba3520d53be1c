import { messageOf } from "../../errors.js";
import { command } from "../command.js";
import { loadScans, type ScanLine, scanLine } from "../scan-listing.js";
import { table } from "../table.js";

export const scans = command({
  usage: "",
  help: `Lists the scans of the database, oldest first: number, name, state, session, start, path and key.`,
  options: {
    session: {
      type: "string",
      value: "NAME",
      description: "only the scans of this session; * stands for anything",
    },
  },
  async run({ values, connect, signal, json, print, printJson, warn }) {
    const store = await connect();
    const { keys } = await store.search(values.session === undefined ? {} : { session: values.session }, {
      signal,
    });
    const lines: ScanLine[] = [];
    let unreadable = 0;
    const onError = async (error: unknown) => {
      unreadable++;
      await warn(`nxlive scans: ${messageOf(error)}`);
    };
    for await (const scan of loadScans(
      store,
      keys.toSorted((a, b) => (a < b ? -1 : 1)),
      signal,
      onError,
    ))
      lines.push(scanLine(scan));
    if (json) {
      await printJson(lines);
      return unreadable === 0 ? 0 : 1;
    }
    const rows = lines.map((line) => [
      String(line.number),
      line.name,
      line.state,
      line.session ?? "-",
      line.start,
      line.path ?? "-",
      line.key,
    ]);
    for (const row of table(["number", "name", "state", "session", "start", "path", "key"], rows))
      await print(row);
    return unreadable === 0 ? 0 : 1;
  },
});
