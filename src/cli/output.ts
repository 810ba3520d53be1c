import type { Output } from "./command.js";

/** An output that waits for its reader; a reader that has gone away ends the process quietly, as `| head` wants it. */
export function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
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
