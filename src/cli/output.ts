import type { Output } from "./command.js";

/** An output that waits for its reader. What is written once it has failed is lost. */
export function outputOf(
  stream: NodeJS.WriteStream,
  onFailure: (error: NodeJS.ErrnoException) => void,
): Output {
  stream.on("error", onFailure);
  return {
    isTTY: stream.isTTY === true,
    columns: stream.columns ?? 80,
    async write(text) {
      await new Promise<void>((resolve) => {
        stream.write(text, () => resolve());
      });
    },
  };
}
