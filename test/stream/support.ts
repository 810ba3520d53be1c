import type {
  DataStore,
  FollowableStream,
  PublishedScan,
  StreamOptions,
  StreamPublisher,
} from "../../src/index.js";
import * as commands from "../../src/redis/commands.js";

export interface OneStream {
  readonly scan: PublishedScan;
  readonly publisher: StreamPublisher;
  readonly reader: FollowableStream;
}

/** A started scan with one stream, and that stream's reading side. */
export async function startStream(
  store: DataStore,
  options: StreamOptions = { dtype: "<f8" },
): Promise<OneStream> {
  const scan = await store.createScan({ name: "test", number: 1, data_policy: "no_policy" });
  const publisher = scan.createStream("x", options);
  await scan.prepare();
  await scan.start();
  const reader = (await store.loadScan(scan.key)).streams.get("x");
  if (!reader) throw new Error("The stream cannot be read.");
  return { scan, publisher, reader };
}

/** Forgets all entries before the one that begins at `index`, as the memory tracker does. */
export async function trim(store: DataStore, stream: { readonly key: string }, index: number): Promise<void> {
  await store.redis.do(commands.xtrim(stream.key, `${index}-0`));
}

/** The code of the error that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
}

/** Whether a promise is still open after as many looks at Redis as any call needs to see what is there already. */
export async function isWaiting(store: DataStore, promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  const settle = () => {
    open = false;
  };
  promise.then(settle, settle);
  for (let look = 0; look < 50; look++) await store.lastScan();
  return open;
}
