import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { DataStore } from "../../src/index.js";
import { codeOf } from "../stream/support.js";
import { startTestRedis } from "../support/redis.js";

/** A certificate for localhost that only itself vouches for. */
async function makeCertificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), "nxlive-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
  await promisify(execFile)("openssl", [...request, "-keyout", key, "-out", cert]);
  const files = { key: await readFile(key), cert: await readFile(cert) };
  await rm(folder, { recursive: true });
  return files;
}

test("a rediss URL speaks TLS, and refuses a server that nobody vouches for", async () => {
  await using redis = await startTestRedis();
  const server = createServer(await makeCertificate(), (client) => {
    const upstream = connect(redis.port, "127.0.0.1");
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `rediss://localhost:${(server.address() as AddressInfo).port}`;
  expect(await codeOf(DataStore.connect(url))).toBe("ERR_REDIS_UNREACHABLE");
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  const store = await DataStore.connect(url);
  vi.unstubAllEnvs();
  const scan = await store.createScan({ name: "tls", number: 1, data_policy: "no_policy" });
  expect((await store.lastScan()).key).toBe(scan.key);
  await store.close();
  server.close();
});
