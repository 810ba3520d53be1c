import { jsonNumber } from "../../json.js";
import type { ChainChannel } from "./channels.js";
import { textAt } from "./info.js";

/** Which device a channel belongs to, and what it is called there (before normalisation). */
export interface DeviceData {
  readonly device: string;
  readonly data: string;
  /** The device's main data: plotted and linked under the device's name. */
  readonly principal: boolean;
  /** In place of the channel's unit: a text, or null for none. */
  readonly units?: string | null;
  /** The key of the device's metadata that describes this group (Lima rois), instead of all of them. */
  readonly metadataKey?: string;
}

/** NeXus names of what multi-channel analysers count. */
const SPECTROMETER_NAMES: ReadonlyMap<string, string> = new Map([
  ["icr", "trigger_count_rate"],
  ["ocr", "event_count_rate"],
  ["deadtime", "fractional_dead_time"],
  ["trigger_livetime", "trigger_live_time"],
  ["energy_livetime", "live_time"],
  ["realtime", "elapsed_time"],
  ["det", "spectrum"],
]);

const SPECTROMETER_UNITS: ReadonlyMap<string, string> = new Map([
  ["icr", "hertz"],
  ["ocr", "hertz"],
  ["trigger_livetime", "s"],
  ["energy_livetime", "s"],
  ["realtime", "s"],
]);

/** True for channels that become NXpositioners. */
export function isPositioner(channel: ChainChannel): boolean {
  return channel.positioner !== undefined || POSITIONER_TYPES.has(deviceType(channel));
}

const POSITIONER_TYPES: ReadonlySet<string> = new Set(["positioner", "positionergroup"]);

/** `nexuswriter.devices[channel].device_type`, empty when it is not given. */
export function deviceType(channel: ChainChannel): string {
  return textAt(channel.settings, "device_type") ?? "";
}

/** The device and data of a channel, by the type of its device. Names that do not fit their type are taken as untyped. */
export function deviceData(channel: ChainChannel): DeviceData {
  if (channel.positioner) {
    return { device: channel.shortName, data: "value", principal: channel.positioner.principal };
  }
  const type = deviceType(channel);
  const typed = TYPES.get(type)?.(channel);
  return typed ?? { device: channel.shortName, data: "data", principal: true };
}

type Typing = (channel: ChainChannel) => DeviceData | undefined;

const TYPES: ReadonlyMap<string, Typing> = new Map<string, Typing>([
  ["positioner", positioner],
  ["positionergroup", positioner],
  ["mca", mca],
  ["mosca", mosca],
  ["lima", lima],
  ["lima2", (channel) => firstPart(channel, "frame")],
  ["mythen", (channel) => firstPart(channel, "spectrum")],
  ["samplingcounter", samplingCounter],
  ["autofilter", (channel) => firstPart(channel)],
]);

function positioner(channel: ChainChannel): DeviceData {
  return { device: channel.shortName, data: "value", principal: true };
}

/** `xmap:icr_det0` belongs to `xmap:det0`, `xmap:roi1` (summed over the detectors) to `xmap:sum`. */
function mca({ name }: ChainChannel): DeviceData | undefined {
  const { controller, last } = splitLast(name);
  if (controller === "") return undefined;
  const match = /^(.+)_(det\d+)$/.exec(last);
  return spectrometer(match?.[1] ?? last, `${controller}:${match?.[2] ?? "sum"}`);
}

/**
 * `falconx:spectrum:det00`, `falconx:stat:icr_det00`, `falconx:roi:Fe_det00` belong to `falconx:det0`. `channel` says
 * which detectors a roi sums: -1 all of them, a list some.
 */
function mosca({ name, settings }: ChainChannel): DeviceData | undefined {
  const parts = name.split(":");
  const [last, kind] = [parts.pop() ?? "", parts.pop()];
  const controller = parts.join(":");
  if (controller === "" || !["spectrum", "stat", "roi"].includes(kind ?? "")) return undefined;
  if (kind === "spectrum") return spectrometer("spectrum", `${controller}:${moscaDetector(last)}`);
  const listed = Array.isArray(settings.channel) ? settings.channel.map(String) : undefined;
  if (listed) {
    const suffix = `sum_${listed.join("_")}`;
    return spectrometer(withoutSuffix(last, suffix), `${controller}:${suffix}`);
  }
  if (jsonNumber(settings.channel) === -1) {
    return spectrometer(withoutSuffix(last, "sum_all"), `${controller}:sum_all`);
  }
  const { controller: quantity, last: detector } = splitLast(last, "_");
  return quantity === "" ? undefined : spectrometer(quantity, `${controller}:${moscaDetector(detector)}`);
}

function moscaDetector(text: string): string {
  const match = /^det(\d+)$/.exec(text);
  return match ? `det${Number(match[1])}` : text;
}

function withoutSuffix(text: string, suffix: string): string {
  return text.endsWith(`_${suffix}`) ? text.slice(0, -suffix.length - 1) : text;
}

function spectrometer(quantity: string, device: string): DeviceData {
  const data = SPECTROMETER_NAMES.get(quantity) ?? quantity;
  return { device, data, principal: data === "spectrum", units: SPECTROMETER_UNITS.get(quantity) ?? null };
}

function lima({ name }: ChainChannel): DeviceData | undefined {
  const parts = name.split(":");
  const [last, group] = [parts.pop() ?? "", parts.at(-1)];
  if (parts.length === 0) return undefined;
  const camera = parts.slice(0, -1).join(":");
  if (camera !== "" && group === "roi_counters") {
    const { controller: roi, last: operation } = splitLast(last, "_");
    if (roi === "") return undefined;
    return { device: `${camera}:${roi}`, data: operation, principal: operation === "sum", metadataKey: roi };
  }
  if (camera !== "" && group === "roi_profiles") {
    return { device: `${camera}:${last}`, data: "sum", principal: true, metadataKey: last };
  }
  if (camera !== "" && group === "roi_collection") {
    const device = `${camera}:roi_collection`;
    return { device, data: "sum", principal: true, metadataKey: "roi_collection_counter" };
  }
  return { device: parts.join(":"), data: last, principal: camera === "" && ["image", "sum"].includes(last) };
}

/** A camera's or controller's channel: the first part is the device, the rest its data. */
function firstPart({ name }: ChainChannel, principal?: string): DeviceData | undefined {
  const colon = name.indexOf(":");
  if (colon <= 0 || colon === name.length - 1) return undefined;
  const data = name.slice(colon + 1);
  return { device: name.slice(0, colon), data, principal: data === principal };
}

/** `diode` and what is derived from it: `diode_std`, `diode_samples`. */
function samplingCounter({ shortName, settings }: ChainChannel): DeviceData | undefined {
  if (settings.data_type === "signal") return { device: shortName, data: "signal", principal: true };
  const { controller, last } = splitLast(shortName, "_");
  return controller === "" || last === "" ? undefined : { device: controller, data: last, principal: false };
}

function splitLast(text: string, separator = ":"): { controller: string; last: string } {
  const at = text.lastIndexOf(separator);
  return { controller: text.slice(0, Math.max(0, at)), last: text.slice(at + 1) };
}
