/**
 * Follows every new scan, and prints the blocks of points of all its streams as they arrive, until Ctrl-C.
 *
 * REDIS_URL=redis://localhost:6379 npm run example follow
 */
import { DataStore, type Scan } from "nxlive";

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const { signal } = stop;

await using store = await DataStore.connect(process.env.REDIS_URL ?? "redis://localhost:6379");

async function follow(scan: Scan): Promise<void> {
  await scan.waitFor("PREPARED", { signal });
  console.log(`${scan.id.name} ${scan.id.number}: ${[...scan.streams.keys()].join(", ")}`);
  // One blocking read for all streams; it ends when all of them are sealed.
  for await (const views of store.cursorGroup(scan.streams.values(), { signal })) {
    for (const [stream, view] of views) {
      if (view.error) console.log(`  ${stream.name}: ${view.error.message}`);
      else console.log(`  ${stream.name}: points ${view.index} to ${view.index + view.length - 1}`);
    }
  }
  console.log(`${scan.id.name} ${scan.id.number}: ${await scan.waitFor("CLOSED", { signal })}`);
}

try {
  for await (const scan of store.scans({ signal })) {
    // Scans may overlap: the next one is not kept waiting.
    follow(scan).catch((error: unknown) => {
      if (!signal.aborted) console.error(`${scan.key}: ${String(error)}`);
    });
  }
} catch (error) {
  if (!signal.aborted) throw error;
}
