import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { DataStore } from "../../scan/store.js";
import { type FlagValues, loadConfig } from "../../writer/config.js";
import { HttpEndpoint } from "../../writer/http-endpoint.js";
import { Writer } from "../../writer/writer.js";
import { command, numberOf } from "../command.js";
import { serviceLogger } from "../service-log.js";

/**
 * The work of a writer is spread thinly over much code: with V8's usual eagerness (132 kB), compiling what is not even hot
 * takes a fifth of its processor time. Bytes of bytecode run before a function is optimised, in Node 20: later ones count calls,
 * and print an error for this flag.
 */
const INTERRUPT_BUDGET = 1_000_000;
const BUDGETS_BYTES = process.versions.v8.startsWith("11.");

export const write = command({
  usage: "",
  help: `Writes every scan into its HDF5 files, as long as it runs: new ones while they are measured, and earlier ones that were
never written. Several writers may run for one session. SIGTERM or Ctrl-C: closed scans are finished, open ones are committed
and left to the next writer; a second one ends at once.

Every setting may also stand in the configuration file or in the environment, see docs/writer.md.`,
  options: {
    "until-idle": {
      type: "string",
      value: "SECONDS",
      description: "end once no scan is open or unwritten for so long; exit code 1 when one failed",
    },
    config: { type: "string", value: "FILE", description: "configuration file (JSON)" },
    session: { type: "string", value: "NAME", description: "only the scans of this session (default: all)" },
    root: {
      type: "string",
      multiple: true,
      value: "DIR",
      description: "write only below this folder; may be given several times",
    },
    concurrency: { type: "string", value: "N", description: "scans written at the same time (default: 32)" },
    "least-free": {
      type: "string",
      value: "MB",
      description: "megabytes that must be free for a scan (default: 200)",
    },
    "chunk-bytes": { type: "string", value: "N", description: "aimed size of chunks (default: 1048576)" },
    "chunk-split": {
      type: "string",
      value: "N",
      description: "pieces per axis of elements larger than a chunk (default: 4)",
    },
    "compress-from": {
      type: "string",
      value: "BYTES",
      description: "datasets from this size on are chunked and compressed (default: 1048576)",
    },
    compression: {
      type: "string",
      value: "SCHEME",
      description: "none, shuffle, gzip or gzip-shuffle (default)",
    },
    "http-port": {
      type: "string",
      value: "PORT",
      description: "answer /health and /metrics on this port (default: no endpoint)",
    },
    "http-host": {
      type: "string",
      value: "ADDRESS",
      description: "address of the endpoint (default: 127.0.0.1)",
    },
    "log-level": {
      type: "string",
      value: "LEVEL",
      description: "trace, debug, info (default), warn, error, fatal or silent",
    },
  },
  async run({ values, signal, json, printJson, stderr }) {
    if (BUDGETS_BYTES) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
    const idle =
      values["until-idle"] === undefined ? undefined : numberOf(values["until-idle"], "--until-idle");
    const flags: FlagValues = values;
    const config = await loadConfig({ file: values.config, environment: process.env, flags });
    const logger = serviceLogger(stderr, { level: config.logLevel, json });
    await using store = await DataStore.connect(config.redis, { signal });
    await using writer = await Writer.start(store, {
      session: config.session,
      roots: config.roots,
      concurrency: config.concurrency,
      leastFree: config.leastFree * 1e6,
      chunks: {
        chunkBytes: config.chunkBytes,
        split: config.chunkSplit,
        compressFrom: config.compressFrom,
        scheme: config.compression,
      },
      logger,
    });
    const { httpPort: port, httpHost: host } = config;
    await using endpoint =
      port === null
        ? undefined
        : await HttpEndpoint.start({ host, port }, writer.metrics, () => writer.health());
    const where = endpoint ? `, ${endpoint.url}` : "";
    logger.info(
      { writer: writer.id },
      `Writing the scans of ${config.session ?? "all sessions"} at ${store.url}${where}`,
    );
    const printing = json ? printStatuses(writer, printJson) : Promise.resolve();
    const ok = await untilEnd(writer, idle, signal);
    await writer.drain();
    await printing;
    return ok ? 0 : 1;
  },
});

/** Waits for the end that was asked for: idleness, or a signal. */
async function untilEnd(writer: Writer, idle: number | undefined, signal: AbortSignal): Promise<boolean> {
  try {
    if (idle !== undefined) return await writer.untilIdle(idle * 1000, { signal });
    if (!signal.aborted) await once(signal, "abort");
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return true;
}

async function printStatuses(writer: Writer, printJson: (value: unknown) => Promise<void>): Promise<void> {
  for await (const status of writer.statuses()) await printJson(status);
}
