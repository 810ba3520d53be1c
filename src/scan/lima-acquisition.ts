import { InvalidArgumentError } from "../errors.js";
import * as commands from "../redis/commands.js";
import type { SignalOption } from "../stream/reading.js";
import type { DataStore } from "./store.js";

/**
 * Counts one more acquisition of a Lima server and gives its number, from 0: call it when an acquisition is prepared. The
 * number of a scan's first one is the `acquisitionOffset` of its stream. By it, blissdata's readers know whether the server
 * still holds the images of a scan (the counter's key in Redis is the server's name).
 */
export async function nextLimaAcquisition(
  store: DataStore,
  serverUrl: string,
  options: SignalOption = {},
): Promise<number> {
  if (serverUrl === "")
    throw new InvalidArgumentError("A Lima server has a name, such as id00/limaccds/cam.");
  const [, number] = await store.redis.atomically(commands.countUp(serverUrl, 0), options);
  return number;
}
