import { createHash } from "node:crypto";
import { InvalidArgumentError } from "../errors.js";
import type { RedisClient, RequestOptions } from "./client.js";
import * as commands from "./commands.js";
import {
  DatabaseNotEmptyError,
  MissingModulesError,
  NotInitialisedError,
  ProtocolVersionError,
  RedisCommandError,
} from "./errors.js";
import { KEYS, SCAN_PREFIX } from "./keys.js";

const PROTOCOL_VERSION = "1";

/** The searchable fields: path in the document, name in queries, type. */
const INDEX_FIELDS: readonly (readonly [path: string, alias: string, type: "TAG" | "NUMERIC"])[] = [
  ["$.pk", "pk", "TAG"],
  ["$.id.pk", "id_pk", "TAG"],
  ["$.id.name", "id_name", "TAG"],
  ["$.id.number", "id_number", "NUMERIC"],
  ["$.id.data_policy", "id_data_policy", "TAG"],
  ["$.id.session", "id_session", "TAG"],
  ["$.id.proposal", "id_proposal", "TAG"],
  ["$.id.collection", "id_collection", "TAG"],
  ["$.id.dataset", "id_dataset", "TAG"],
  ["$.id.path", "id_path", "TAG"],
  ["$.state_stream.pk", "state_stream_pk", "TAG"],
];

/**
 * Appends the seal with the stream's length after the last entry, atomically: no command can do both. The name of the
 * library, the function and the error's words are those of blissdata, whose clients call it too.
 */
const SEAL_LIBRARY = `#!lua name=mylib
local SEAL = '18446744073709551615-18446744073709551615'

local function seal_stream(keys, args)
  local last = redis.call('XREVRANGE', keys[1], '+', '-', 'COUNT', 1)[1]
  local length = 0
  if last then
    if last[1] == SEAL then
      error(keys[1] .. ' is already sealed.')
    end
    local points = 1
    for i = 1, #last[2], 2 do
      if last[2][i] == 'len' then points = tonumber(last[2][i + 1]) end
    end
    length = tonumber(string.match(last[1], '^%d+')) + points
  end
  redis.call('XADD', keys[1], SEAL, 'id', string.format('%.0f', length))
  return length
end

redis.register_function('seal_stream', seal_stream)`;

/**
 * Prepares an empty database for scans, as blissdata does: search index, sealing function, protocol version. Works on
 * Redis 7.4 with RedisJSON and RediSearch and on Redis 8. Errors: DatabaseNotEmptyError, MissingModulesError, and
 * InvalidArgumentError for another database than 0.
 */
export async function initialiseDatabase(redis: RedisClient, options: RequestOptions = {}): Promise<void> {
  if (redis.target.options.db) {
    throw new InvalidArgumentError(
      `Scans cannot be in ${redis.target.label}: Redis searches database 0 only. Leave the number out.`,
    );
  }
  const [size, modules] = await redis.all([commands.dbsize(), commands.moduleNames()], options);
  if (size > 0) {
    const prepared = (await redis.do(commands.get(KEYS.protocolVersion), options)) !== null;
    throw new DatabaseNotEmptyError(
      prepared
        ? `The database at ${redis.target.label} is initialised already: use it as it is.`
        : `The database at ${redis.target.label} holds something else (number of keys: ${size}): only an empty one can be initialised. Use another one, or flush it if nothing in it is needed.`,
    );
  }
  const missing = ["ReJSON", "search"].filter((name) => !modules.includes(name));
  if (missing.length > 0) {
    throw new MissingModulesError(
      `Redis at ${redis.target.label} lacks ${missing.join(" and ")}: use Redis 8, or Redis Stack 7.4.`,
    );
  }
  await redis.do(commands.createIndex(indexDefinition()), options);
  const schema = schemaText();
  await redis.all(
    [
      commands.set(KEYS.indexHash, createHash("sha1").update(schema).digest("hex")),
      commands.set(KEYS.indexSchema, schema),
    ],
    options,
  );
  await raisePrefixExpansions(redis, options);
  await redis.do(commands.loadFunctions(SEAL_LIBRARY), options);
  await redis.do(commands.set(KEYS.protocolVersion, PROTOCOL_VERSION), options);
}

/** Refuses a database that is not initialised, or follows another version of the protocol. */
export async function checkProtocol(redis: RedisClient, options: RequestOptions = {}): Promise<void> {
  const version = await redis.do(commands.get(KEYS.protocolVersion), options);
  if (version === null) {
    const advice = redis.target.options.db
      ? "they are in database 0, so leave the number out"
      : '"nxlive init" or store.initialise() prepares an empty one';
    throw new NotInitialisedError(
      `The database at ${redis.target.label} is not initialised for scans (no ${KEYS.protocolVersion}): ${advice}.`,
    );
  }
  if (version !== PROTOCOL_VERSION) {
    throw new ProtocolVersionError(
      `The database at ${redis.target.label} follows version ${version} of the protocol, only ${PROTOCOL_VERSION} is supported.`,
    );
  }
}

function indexDefinition(): string[] {
  const fields = INDEX_FIELDS.flatMap(([path, alias, type]) => [path, "AS", alias, ...typeWords(type)]);
  return ["ON", "JSON", "PREFIX", "1", SCAN_PREFIX, "SCHEMA", ...fields];
}

function typeWords(type: "TAG" | "NUMERIC"): string[] {
  return type === "TAG" ? ["TAG", "SEPARATOR", "|"] : ["NUMERIC"];
}

/** The definition as blissdata's migrator (redis-om) writes it beside the index, blanks included. */
function schemaText(): string {
  const fields = INDEX_FIELDS.map(
    ([path, alias, type]) => `${path} AS ${alias} ${typeWords(type).join(" ")}`,
  );
  const last = fields.pop();
  return `ON JSON PREFIX 1 ${SCAN_PREFIX} SCHEMA ${fields.join(" ")}  ${last} `;
}

/** So that wildcards find all scans: Redis 8 has it in its own configuration, Redis 7.4 in the module's. */
async function raisePrefixExpansions(redis: RedisClient, options: RequestOptions): Promise<void> {
  try {
    await redis.do(commands.configSet("search-max-prefix-expansions", 2000), options);
  } catch (error) {
    if (!(error instanceof RedisCommandError)) throw error;
    await redis.do(commands.searchConfigSet("MAXPREFIXEXPANSIONS", 2000), options);
  }
}
