import { afterAll, beforeAll, expect, test } from "vitest";
import { HttpEndpoint } from "../../src/writer/index.js";
import { WriterMetrics } from "../../src/writer/metrics.js";

let endpoint: HttpEndpoint;
let ok = true;
const metrics = new WriterMetrics();

beforeAll(async () => {
  endpoint = await HttpEndpoint.start({ host: "127.0.0.1", port: 0 }, metrics, async () => ({
    ok,
    scans: 2,
  }));
});
afterAll(() => endpoint.close());

test("/health answers what is in hand", async () => {
  const response = await fetch(`${endpoint.url}/health`);
  expect([response.status, await response.json()]).toEqual([200, { ok: true, scans: 2 }]);
});

test("/health answers 503 when the writer is not healthy", async () => {
  ok = false;
  const response = await fetch(`${endpoint.url}/health`);
  ok = true;
  expect([response.status, await response.json()]).toEqual([503, { ok: false, scans: 2 }]);
});

test("/metrics speaks Prometheus' format, units in the names", async () => {
  metrics.points.inc(7);
  metrics.scanEnded("COMPLETE");
  const text = await (await fetch(`${endpoint.url}/metrics`)).text();
  expect(text).toContain("nxlive_writer_points_total 7");
  expect(text).toContain('nxlive_writer_scans_total{state="COMPLETE"} 1');
  expect(text).toContain("nxlive_writer_commit_seconds_bucket");
});

test.each([
  ["GET", "/other", 404],
  ["POST", "/metrics", 405],
])("%s %s is answered with %i", async (method, path, status) => {
  expect((await fetch(endpoint.url + path, { method })).status).toBe(status);
});

test("an address that is taken is a typed error", async () => {
  const port = Number(new URL(endpoint.url).port);
  const second = HttpEndpoint.start({ host: "127.0.0.1", port }, new WriterMetrics(), async () => ({
    ok: true,
  }));
  await expect(second).rejects.toMatchObject({ code: "ERR_CONFIGURATION" });
});
