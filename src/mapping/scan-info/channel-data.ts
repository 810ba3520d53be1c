import type { RawArray } from "../../ndarray/raw.js";
import type { Attributes, StreamFacts, TreeNode } from "../tree.js";
import type { Report } from "./builder.js";
import type { ChainChannel } from "./channels.js";
import { asText, type ScanContext, textAt } from "./info.js";
import { isVirtualFormat, limaImageNames, limaSaving, limaVirtualDataset } from "./lima-images.js";
import { normalName } from "./names.js";
import { pointCount, pointType } from "./stream-shape.js";
import type { DeviceData } from "./typing.js";
import { textArray, textScalar } from "./values.js";

/** What the data of a channel become in the file. */
export interface ChannelData {
  /** Null: the device's group only (images that nobody saved). */
  readonly node: TreeNode | null;
  /** One point without the leading axis. */
  readonly single: boolean;
  /** False for lists of file names in place of images: no link in `measurement`, no plot. */
  readonly linked: boolean;
}

/**
 * The node that a channel's stream becomes; undefined when it leaves nothing: no stream, no data at the end of the scan,
 * or references to other scans.
 */
export function channelData(
  channel: ChainChannel,
  place: DeviceData,
  path: string,
  scan: ScanContext,
  report: Report,
): ChannelData | undefined {
  const { stream } = channel;
  if (!stream || stream.plugin === "scan_sequence") return undefined;
  const count = pointCount(stream);
  if (scan.final && count === 0) return undefined;
  const single = scan.grid?.length === 0 && (count ?? 0) <= 1;
  const attributes = attributesOf(channel, place, stream);
  if (stream.plugin === "lima") return images(channel.name, stream, path, single, attributes, scan, report);
  return { node: streamNode(channel.name, single, attributes), single, linked: true };
}

function images(
  name: string,
  stream: StreamFacts,
  path: string,
  single: boolean,
  attributes: Attributes,
  scan: ScanContext,
  report: Report,
): ChannelData {
  const { files, problem } = limaSaving(stream);
  if (!files) {
    if (scan.final) report.warn(path, `The images of "${name}" are not in the file: ${problem}.`);
    return {
      node: scan.written || scan.final ? null : streamNode(name, single, attributes),
      single,
      linked: true,
    };
  }
  const point = pointType(stream);
  const { dtype, shape } = point;
  const virtual = isVirtualFormat(files) && dtype !== undefined && shape.length > 0 && !shape.includes(-1);
  const count = stream.lastStatus ? stream.lastStatus.last_index + 1 : undefined;
  if (count === undefined) {
    const node = virtual || !scan.written ? streamNode(name, single, attributes) : null;
    return { node, single, linked: virtual || !scan.written };
  }
  if (virtual) {
    const node = limaVirtualDataset(files, count, { dtype, shape }, scan.file, single);
    return { node: { ...node, attributes }, single, linked: true };
  }
  if (isVirtualFormat(files)) {
    report.warn(path, `The images of "${name}" have no known shape: their files are listed instead.`);
  }
  const array = textArray(limaImageNames(files, count, scan.file));
  return {
    node: { kind: "dataset", attributes, value: { kind: "static", array } },
    single: false,
    linked: false,
  };
}

function streamNode(stream: string, single: boolean, attributes: Attributes): TreeNode {
  const layout = single ? { layout: { single } } : {};
  return { kind: "dataset", attributes, value: { kind: "stream", stream, ...layout } };
}

const INTERPRETATIONS: readonly (string | undefined)[] = [undefined, "spectrum", "image", "vertex"];

/** The NeXus `interpretation` of points with this many axes. */
export function interpretation(dimensions: number): Map<string, RawArray> {
  const value = INTERPRETATIONS[dimensions];
  return value === undefined ? new Map() : new Map([["interpretation", textScalar(value)]]);
}

function attributesOf(channel: ChainChannel, place: DeviceData, stream: StreamFacts): Attributes {
  const attributes = interpretation(pointType(stream).shape.length);
  const units = unitsOf(channel, place, stream);
  if (units !== undefined) attributes.set("units", textScalar(units));
  return attributes;
}

/**
 * The units of a channel: those of its type of device, else `channels[].unit` (an empty text is one: no unit), else the
 * stream's `info.unit` (empty: none given).
 */
function unitsOf(channel: ChainChannel, place: DeviceData, stream: StreamFacts): string | undefined {
  if (place.units !== undefined) return place.units ?? undefined;
  return asText(channel.description.unit) ?? textAt(stream.info, "unit");
}

/** The name of a channel's dataset in its device's group. */
export function dataNameOf(place: DeviceData): string {
  return normalName(place.data) || "_";
}
