// rounds: the two round trips of `open 1` (the search as a transaction, not as a script) over a plain socket, whose replies nobody looks at; with
// `again` once more in the same process, which is what is measured then.
import { args, connect, measured } from "./common.js";
import { plainSocket } from "./plain.js";

const [again] = args;
const store = await connect();
const { keys } = await store.search({ path: "/bench/open_1.h5" });
const scan = keys[0] ?? "";
const data = (await store.loadScan(scan)).streams.get("s")?.key ?? "";
await store.close();
const socket = await plainSocket();
const FIND = ["FT.SEARCH", "esrf:scan:index", "@id_path:{\\/bench\\/open_1\\.h5}"];
const NEWEST = ["+", "-", "COUNT", 1];

async function rounds(): Promise<number> {
  const received = await socket.ask(
    ["MULTI"],
    ["XREVRANGE", "_SCAN_HISTORY_", ...NEWEST],
    [...FIND, "RETURN", 2, "$.id", "$.state_stream.pk", "DIALECT", 2],
    ["TTL", scan],
    ["JSON.GET", scan, "."],
    ["XREVRANGE", data, ...NEWEST],
    ["EXEC"],
  );
  return received + (await socket.ask(["XREVRANGE", data, 3, "-", "COUNT", 1]));
}

if (again) await rounds();
await measured(async () => ({ result: await rounds() }));
socket.close();
