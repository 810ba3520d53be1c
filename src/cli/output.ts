import type { Writable } from "node:stream";
import type { Output } from "./command.js";

/** A stream that may be a terminal. Some terminals do not know their size, and say 0. */
type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** An output that waits for its reader. What is written once it has failed is lost. */
export function outputOf(stream: Terminal, onFailure: (error: NodeJS.ErrnoException) => void): Output {
  stream.on("error", onFailure);
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    async write(text) {
      await new Promise<void>((resolve) => {
        stream.write(text, () => resolve());
      });
    },
  };
}
