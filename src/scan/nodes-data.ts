import { InvalidArgumentError } from "../errors.js";
import type { NdArray, Value } from "../ndarray/ndarray.js";
import { IndexNotYetThereError, IndexWontBeThereError } from "../stream/errors.js";
import type { FollowableStream } from "../stream/followable.js";
import type { SignalOption, WaitOptions } from "../stream/reading.js";

/** What `getData` gives for each channel: its points, or a view for channels of images. */
export type ChannelData = NdArray | ImageView;

export interface GetDataOptions extends SignalOption {
  /** Told of channels that cannot be read (points trimmed, plugin missing …), which are left out. */
  readonly onError?: (channel: string, error: unknown) => void;
}

/**
 * Some consecutive images of a channel, none of which is read before it is asked for: images are many and large.
 * (BLISS: LimaDataView.)
 */
export class ImageView {
  readonly stream: FollowableStream;
  /** Index in the channel of the view's first image. */
  readonly index: number;
  readonly length: number;

  constructor(stream: FollowableStream, index: number, length: number) {
    this.stream = stream;
    this.index = index;
    this.length = length;
  }

  /**
   * An image of the view; negative indices count from its end: `getImage(-1)` is the newest. With `wait` it waits for an
   * image whose file is not closed yet. Errors: InvalidArgumentError outside the view, those of the stream.
   */
  async getImage(index: number, options: WaitOptions = {}): Promise<Value> {
    const position = index < 0 ? index + this.length : index;
    if (!Number.isSafeInteger(position) || position < 0 || position >= this.length) {
      throw new InvalidArgumentError(
        `A view of ${this.length} images of "${this.stream.name}" has no image ${index}.`,
        { stream: this.stream.name, index },
      );
    }
    return this.stream.at(this.index + position, options);
  }

  /** The images one by one. */
  async *images(options: WaitOptions = {}): AsyncGenerator<Value, undefined, undefined> {
    for (let i = 0; i < this.length; i++) yield await this.getImage(i, options);
  }
}

/** True for channels whose points are images: those of detectors, and all of two or more dimensions. */
export function isImageChannel(stream: FollowableStream): boolean {
  return stream.plugin === "lima" || stream.plugin === "lima2" || stream.shape.length >= 2;
}

/** A view of the images that a channel has now. */
async function imagesOf(stream: FollowableStream, options: SignalOption = {}): Promise<ImageView> {
  return new ImageView(stream, 0, await stream.length(options));
}

/**
 * One point of a channel, or the points `from` … `to`, both included; negative indices count from the end that the channel
 * has now. Channels of images give a view.
 */
export async function getPoints(
  stream: FollowableStream,
  from: number,
  to: number | undefined,
  options: SignalOption = {},
): Promise<Value | ImageView> {
  const length = await stream.length(options);
  const start = from < 0 ? from + length : from;
  if (start < 0) {
    const MissingError = (await stream.isSealed(options)) ? IndexWontBeThereError : IndexNotYetThereError;
    throw new MissingError(`Channel "${stream.name}" has ${length} points: there is no point ${from}.`, {
      stream: stream.name,
      index: from,
    });
  }
  const last = to === undefined ? start : to < 0 ? to + length : Math.min(to, length - 1);
  if (isImageChannel(stream)) return new ImageView(stream, start, Math.max(0, last - start + 1));
  return to === undefined
    ? stream.at(start, options)
    : stream.slice(start, Math.max(start, last + 1), 1, options);
}

/** All points of all channels that have no images, and views of those that have. */
export async function dataOf(
  streams: ReadonlyMap<string, FollowableStream>,
  options: GetDataOptions = {},
): Promise<Record<string, ChannelData>> {
  const data: Record<string, ChannelData> = Object.create(null);
  for (const [name, stream] of streams) {
    try {
      data[name] = isImageChannel(stream) ? await imagesOf(stream, options) : await pointsOf(stream, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      options.onError?.(name, error);
    }
  }
  return data;
}

function pointsOf(stream: FollowableStream, { signal }: SignalOption): Promise<NdArray> {
  return stream.slice(null, null, null, signal ? { signal } : {});
}
