import { initialiseDatabase } from "../../redis/setup.js";
import { command } from "../command.js";
import { withDatabase } from "../database.js";

export const init = command({
  usage: "",
  help: `Prepares an empty Redis database for scans: the search index, the function that seals streams, and the
protocol version, as blissdata does it. A database that holds anything is refused, and so is a server without the
modules for JSON and Search.`,
  options: {},
  async run(context) {
    const { signal, json, print, printJson } = context;
    return await withDatabase(context, async (client) => {
      await initialiseDatabase(client, { signal });
      const url = client.target.label;
      await (json ? printJson({ url }) : print(`${url} is ready for scans`));
      return 0;
    });
  },
});
