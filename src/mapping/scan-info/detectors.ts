import { isJsonObject } from "../../json.js";
import type { GroupBuilder, Report } from "./builder.js";
import { type ChannelData, channelData, dataNameOf } from "./channel-data.js";
import { type Chain, type ChainChannel, deviceOf } from "./channels.js";
import { type Dictionary, dictionaryAt, type ScanContext } from "./info.js";
import { dumpMetadata } from "./metadata.js";
import { normalName } from "./names.js";
import { type PointType, pointCount, pointType } from "./stream-shape.js";
import { type DeviceData, deviceData, deviceType, isPositioner } from "./typing.js";

/** A channel whose data are in the file. */
export interface PlacedChannel {
  readonly channel: ChainChannel;
  /** Name in `measurement`, `positioners` and plots. */
  readonly link: string;
  /** Absolute path of its dataset. */
  readonly path: string;
  /** The device's group, and the name of the dataset in it. */
  readonly group: GroupBuilder;
  readonly dataset: string;
  readonly point: PointType;
  /** Points; undefined while that is not known. */
  readonly length: number | undefined;
  /** One point without the leading axis. */
  readonly single: boolean;
  /** `device_type`, empty for untyped channels. */
  readonly type: string;
  /** False for lists of files in place of images. */
  readonly linked: boolean;
}

/** Names in `instrument` that no device may take. */
const RESERVED: ReadonlySet<string> = new Set([
  "positioners",
  "positioners_start",
  "positioners_dial_start",
  "positioners_end",
  "positioners_dial_end",
]);

/**
 * Puts the data of a chain's channels into `instrument`: one NXdetector or NXpositioner per device, with the device's
 * description and metadata, and a link `data` to its principal data. Returns the channels that have data, in order.
 */
export function placeChannels(
  chain: Chain,
  instrument: GroupBuilder,
  scan: ScanContext,
  report: Report,
): PlacedChannel[] {
  const names = new DeviceNames(instrument, report);
  const described = new Set<string>();
  const placed: PlacedChannel[] = [];
  for (const channel of chain.channels) {
    const place = deviceData(channel);
    const { group: name, link } = names.take(channel, place);
    const group = () => instrument.group(name, isPositioner(channel) ? "NXpositioner" : "NXdetector");
    const path = `${instrument.pathOf(name)}/${dataNameOf(place)}`;
    const data = channelData(channel, place, path, scan, report);
    if (data) {
      const device = group();
      const channelPlaced = device && placeData(channel, place, { device, link, path, data });
      if (channelPlaced) placed.push(channelPlaced);
      const description = channel.settings.device_info;
      if (device && isJsonObject(description)) dumpMetadata(device, description, report, { keepClass: true });
    }
    if (described.has(place.device)) continue;
    described.add(place.device);
    for (const info of scan.infos) {
      const metadata = deviceMetadata(channel, place, info);
      const device = metadata && group();
      if (device) dumpMetadata(device, metadata, report, { keepClass: true });
    }
  }
  return placed;
}

/** Puts the data of a channel into its device, with the link `data` to the principal ones; undefined when there are none. */
function placeData(
  channel: ChainChannel,
  place: DeviceData,
  { device, link, path, data }: { device: GroupBuilder; link: string; path: string; data: ChannelData },
): PlacedChannel | undefined {
  if (!data.node || !channel.stream) return undefined;
  const dataset = dataNameOf(place);
  device.set(dataset, data.node);
  if (place.principal && !isPositioner(channel) && !device.has("data")) device.softLink("data", dataset);
  return {
    channel,
    link,
    path,
    group: device,
    dataset,
    point: pointType(channel.stream),
    length: pointCount(channel.stream),
    single: data.single,
    type: deviceType(channel),
    linked: data.linked,
  };
}

/** The metadata of the device that a channel belongs to; of a Lima roi, only what describes it, as `selection`. */
function deviceMetadata(
  channel: ChainChannel,
  { metadataKey }: DeviceData,
  info: Dictionary,
): Dictionary | undefined {
  const metadata = dictionaryAt(deviceOf(channel, info), "metadata");
  if (metadataKey === undefined) return Object.keys(metadata).length > 0 ? metadata : undefined;
  const selection = Object.hasOwn(metadata, metadataKey) ? metadata[metadataKey] : undefined;
  return isJsonObject(selection) ? { selection } : undefined;
}

/** Gives every channel a dataset and a link of its own: names that clash after normalisation are made longer. */
class DeviceNames {
  readonly #instrument: GroupBuilder;
  readonly #report: Report;
  readonly #datasets = new Set<string>();
  readonly #groups = new Set<string>();

  constructor(instrument: GroupBuilder, report: Report) {
    this.#instrument = instrument;
    this.#report = report;
  }

  take(channel: ChainChannel, place: DeviceData): { group: string; link: string } {
    const data = dataNameOf(place);
    const wanted = normalName(place.device) || "_";
    let name = wanted;
    for (const candidate of candidates(wanted, normalName(channel.name) || "_")) {
      name = candidate;
      if (this.#isDevice(name) && !this.#datasets.has(`${name}/${data}`)) break;
    }
    this.#datasets.add(`${name}/${data}`);
    this.#groups.add(name);
    const principal = place.principal || isPositioner(channel);
    if (name === wanted)
      return {
        group: name,
        link: normalName(principal ? place.device : `${place.device}:${place.data}`) || "_",
      };
    const path = this.#instrument.pathOf(wanted);
    this.#report.warn(path, `Channel "${channel.name}" is written as ${name}: the name ${wanted} is taken.`);
    return { group: name, link: principal ? name : `${name}_${data}` };
  }

  #isDevice(name: string): boolean {
    return this.#groups.has(name) || (!RESERVED.has(name) && !this.#instrument.has(name));
  }
}

/** Names for a device's group: the wanted one, a longer one, and that one numbered, without end. */
function* candidates(wanted: string, longer: string): Generator<string> {
  yield wanted;
  if (longer !== wanted) yield longer;
  for (let i = 2; ; i++) yield `${longer}_${i}`;
}
