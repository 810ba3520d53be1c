import { describe, expect, test } from "vitest";
import { RedisClient } from "../../src/redis/client.js";
import * as commands from "../../src/redis/commands.js";
import type { Reply } from "../../src/redis/connection.js";
import { checkProtocol, initialiseDatabase } from "../../src/redis/setup.js";
import { codeOf } from "../stream/support.js";
import { runPython } from "../support/python.js";
import { startTestRedis } from "../support/redis.js";

const INITIALISE = `
import sys
from blissdata.redis_engine.store import DataStore
DataStore(sys.argv[1], init_db=True)
`;

/** Everything that initialising leaves in a server: keys, index, functions, search settings. */
async function traces(url: string): Promise<unknown> {
  const client = new RedisClient(url);
  try {
    const call = async (...args: string[]) => plain(await client.commands.call(args));
    const names = (await call("KEYS", "*")) as string[];
    const keys = await Promise.all(names.map(async (name) => [name, await client.do(commands.get(name))]));
    const index = (await call("FT.INFO", "esrf:scan:index")) as unknown[];
    const definition = index.slice(0, index.indexOf("num_docs"));
    return {
      keys: Object.fromEntries(keys),
      definition,
      functions: await call("FUNCTION", "LIST"),
      expansions: await call("FT.CONFIG", "GET", "MAXPREFIXEXPANSIONS"),
    };
  } finally {
    client.close();
  }
}

function plain(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(plain);
  return Buffer.isBuffer(reply) ? reply.toString() : reply;
}

describe("initialising a database", () => {
  test("leaves the same as Python blissdata does", async () => {
    await using ours = await startTestRedis();
    await using theirs = await startTestRedis({ initialised: false });
    await runPython(INITIALISE, [theirs.url]);
    expect(await traces(ours.url)).toEqual(await traces(theirs.url));
  });

  test("is accepted by Python blissdata, and the other way round", async () => {
    await using ours = await startTestRedis();
    expect(
      await runPython(
        `import sys\nfrom blissdata.redis_engine.store import DataStore\nprint(DataStore(sys.argv[1]).get_last_scan_timetag())`,
        [ours.url],
      ),
    ).toBe("0-0\n");
    await using theirs = await startTestRedis({ initialised: false });
    await runPython(INITIALISE, [theirs.url]);
    const client = new RedisClient(theirs.url);
    await checkProtocol(client);
    client.close();
  });

  test("is refused where Redis does not search, and nothing is left there", async () => {
    await using redis = await startTestRedis({ initialised: false });
    const client = new RedisClient(`${redis.url}/2`);
    await expect(initialiseDatabase(client)).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
      message: expect.stringMatching(/database 0 only/),
    });
    await expect(checkProtocol(client)).rejects.toMatchObject({
      code: "ERR_NOT_INITIALISED",
      message: expect.stringMatching(/they are in database 0/),
    });
    expect(await client.do(commands.dbsize())).toBe(0);
    client.close();
  });

  test("needs the modules for JSON and Search, and the right to use them", async () => {
    await using redis = await startTestRedis({ initialised: false });
    const admin = new RedisClient(redis.url);
    await admin.commands.call(["ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all", "-ft.create"]);
    const reader = new RedisClient(redis.url.replace("redis://", "redis://reader:secret@"));
    expect(await codeOf(initialiseDatabase(reader))).toBe("ERR_REDIS_ACCESS");
    reader.close();
    admin.close();
  });
});

describe("a server with a password", () => {
  test("is used with the URL's, and refuses any other", async () => {
    await using redis = await startTestRedis();
    const open = new RedisClient(redis.url);
    await open.do(commands.configSet("requirepass", "p@ss/word"));
    const client = new RedisClient(redis.url.replace("redis://", "redis://:p%40ss%2Fword@"));
    await checkProtocol(client);
    expect(client.target.label).not.toContain("p@ss");
    for (const login of ["", ":wrong@"]) {
      const refused = new RedisClient(redis.url.replace("redis://", `redis://${login}`));
      await expect(checkProtocol(refused)).rejects.toMatchObject({
        code: "ERR_REDIS_ACCESS",
        message: expect.stringMatching(/^Redis at redis:\/\/[^@]+\/0 refused .* belong into its URL/),
      });
      refused.close();
    }
    client.close();
    open.close();
  });
});

test("a password is no hindrance where none is set, a database that does not exist is an error at once", async () => {
  await using redis = await startTestRedis();
  const welcome = new RedisClient(redis.url.replace("redis://", "redis://:needless@"));
  await checkProtocol(welcome);
  const lost = new RedisClient(`${redis.url}/99`);
  await expect(checkProtocol(lost)).rejects.toThrow(/refused SELECT: .*out of range/);
  welcome.close();
  lost.close();
});

describe("sealing", () => {
  test("counts the points of the last entry, whatever the payload is", async () => {
    await using redis = await startTestRedis();
    const client = new RedisClient(redis.url);
    await client.do(commands.xadd("a", "5-1", ["payload", "len", "len", 3]));
    await client.do(commands.xadd("b", "7-1", ["payload", "len"]));
    expect(await client.do(commands.sealStream("a"))).toBe(8);
    expect(await client.do(commands.sealStream("b"))).toBe(8);
    expect(await client.do(commands.sealStream("c"))).toBe(0);
    await expect(client.do(commands.sealStream("c"))).rejects.toThrow(/c is already sealed\./);
    client.close();
  });
});
