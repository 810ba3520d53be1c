/** Timers and sockets that keep this process alive. */
export function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => name === "Timeout" || name === "TCPSocketWrap")
    .sort();
}

/** Resolves when a condition holds; each look is a turn of the event loop, so closing sockets can finish. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
