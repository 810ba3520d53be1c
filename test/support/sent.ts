import type { StreamPublisher } from "../../src/index.js";

/** Sends points and waits until Redis has them: for those who then read them over another connection. */
export async function sent(publisher: StreamPublisher, points: unknown): Promise<void> {
  await publisher.send(points);
  await publisher.flush();
}
