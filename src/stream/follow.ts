import type { Value } from "../ndarray/ndarray.js";
import { CursorGroup } from "./cursor-group.js";
import { trimmed } from "./errors.js";
import type { FollowableStream } from "./followable.js";
import { eachPoint } from "./points.js";
import type { CursorOptions, StreamView } from "./reading.js";

/** Views of one stream as its points arrive, to the seal. */
export async function* cursorOf(
  stream: FollowableStream,
  options: CursorOptions = {},
): AsyncGenerator<StreamView, undefined, undefined> {
  const group = new CursorGroup(stream.events.redis, [stream], options);
  try {
    for await (const views of group) {
      const view = views.get(stream);
      if (view?.error) throw view.error;
      if (view) yield view;
    }
  } finally {
    group.close();
  }
}

/** The points of one stream one by one, to the seal. Points trimmed before they were read are an IndexNoMoreThereError. */
export async function* valuesOf(
  stream: FollowableStream,
  options: { from?: number; signal?: AbortSignal } = {},
): AsyncGenerator<Value, undefined, undefined> {
  for await (const view of cursorOf(stream, options)) {
    if (view.lost > 0) throw trimmed(stream.name, view.index - view.lost);
    yield* eachPoint(await view.data());
  }
}
