import { RedisClient } from "../../redis/client.js";
import { initialiseDatabase } from "../../redis/setup.js";
import { command } from "../command.js";

export const init = command({
  usage: "",
  help: `Prepares an empty Redis database for scans: the search index, the function that seals streams, and the
protocol version, as blissdata does it. A database that holds anything is refused, and so is a server without the
modules for JSON and Search.`,
  options: {},
  async run({ redisUrl, signal, json, print, printJson }) {
    const client = new RedisClient(redisUrl);
    try {
      await initialiseDatabase(client, { signal });
      await (json
        ? printJson({ url: client.target.label })
        : print(`${client.target.label} is ready for scans`));
      return 0;
    } finally {
      client.close();
    }
  },
});
