import type { LayoutSource, StreamFacts } from "../tree.js";
import type { Report } from "./builder.js";
import { type Dictionary, dictionaryAt, integerAt, scanDimensions, textAt, textsAt } from "./info.js";
import { shortNames } from "./names.js";

/** A channel of a chain, before its place in the file is known. */
export interface ChainChannel {
  /** Full name, which is also the name of its stream. */
  readonly name: string;
  readonly shortName: string;
  /** Not one for the layout's purposes when undefined; `master` orders the axes of plots. */
  readonly positioner?: {
    readonly kind: "positioner" | "positionergroup";
    readonly master: number;
    readonly principal: boolean;
  };
  /** `nexuswriter.devices[name]`. */
  readonly settings: Dictionary;
  /** `channels[name]`. */
  readonly description: Dictionary;
  /** Undefined when nothing is published under this name. */
  readonly stream: StreamFacts | undefined;
}

/** One entry of the file: a chain of the scan. */
export interface Chain {
  readonly entry: string;
  readonly channels: readonly ChainChannel[];
}

/** The number in the names of a scan's entries. */
function scanNumber({ id, info }: Pick<LayoutSource, "id" | "info">): number {
  return integerAt(info, "scan_nb") ?? id.number;
}

/** The names of the entries that a scan makes: `<number>.<k>`, one per chain with channels. */
export function entryNames(scan: Pick<LayoutSource, "id" | "info">): string[] {
  const number = scanNumber(scan);
  return listedChains(scan.info, () => undefined).map((_, k) => `${number}.${k + 1}`);
}

/**
 * The chains of a scan that have channels, in alphabetical order of their keys: chain k becomes the entry
 * `<scan_nb>.<k>`. Streams that no device lists belong to the first one: their data are kept, with a warning.
 */
export function chainsOf(source: LayoutSource, report: Report): Chain[] {
  const { info } = source;
  const lists = listedChains(info, (message) => report.warn("/", message));
  const listed = new Set(lists.flatMap((list) => list.channels.map((channel) => channel.name)));
  const strays = [...source.streams].filter(
    ([name, { plugin }]) => !listed.has(name) && plugin !== "scan_sequence",
  );
  if (strays.length > 0) {
    const first = lists[0] ?? { channels: [] };
    if (lists.length === 0) lists.push(first);
    for (const [name] of strays) {
      first.channels.push({ name });
      report.warn(
        "/",
        `Stream "${name}" belongs to no device of the acquisition chain; it is kept as a detector.`,
      );
    }
  }
  const number = scanNumber(source);
  return lists.map(({ channels }, k) => ({
    entry: `${number}.${k + 1}`,
    channels: describe(channels, source),
  }));
}

interface ListedChannel {
  readonly name: string;
  readonly positioner?: NonNullable<ChainChannel["positioner"]>;
}

interface ListedChain {
  readonly channels: ListedChannel[];
}

function listedChains(info: Dictionary, warn: (message: string) => void): ListedChain[] {
  const chains = dictionaryAt(info, "acquisition_chain");
  if (info.acquisition_chain === undefined) {
    warn("info.acquisition_chain is missing: all devices are taken as one chain.");
    const channels = channelsOfDevices(Object.keys(dictionaryAt(info, "devices")), info, warn);
    return channels.length > 0 ? [{ channels }] : [];
  }
  return Object.keys(chains)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((key) => ({
      channels: channelsOfDevices(textsAt(dictionaryAt(chains, key), "devices"), info, warn),
    }))
    .filter((chain) => chain.channels.length > 0);
}

/** The channels of a chain's devices. The first device that triggers others moves: its scalar channels are positioners. */
function channelsOfDevices(
  keys: readonly string[],
  info: Dictionary,
  warn: (message: string) => void,
): ListedChannel[] {
  const devices = dictionaryAt(info, "devices");
  const mover = keys.find((key) => textsAt(dictionaryAt(devices, key), "triggered_devices").length > 0);
  const channels = new Map<string, ListedChannel>();
  for (const key of keys) {
    if (!Object.hasOwn(devices, key))
      warn(`The chain lists a device "${key}" that info.devices does not describe.`);
    const names = textsAt(dictionaryAt(devices, key), "channels");
    names.forEach((name, index) => {
      if (channels.has(name)) return;
      const scalar = integerAt(dictionaryAt(info, "channels", name), "dim") === 0;
      const positioner = key === mover && scalar ? positionerAt(index, names, info) : undefined;
      channels.set(name, positioner ? { name, positioner } : { name });
    });
  }
  return [...channels.values()];
}

/** Several motors of a scan along one axis move together (a group, of which the first is the axis of plots). */
function positionerAt(
  index: number,
  names: readonly string[],
  info: Dictionary,
): NonNullable<ChainChannel["positioner"]> {
  const group = scanDimensions(info) <= 1 && names.length > 1 && (names[index] ?? "").includes(":");
  return group
    ? { kind: "positionergroup", master: 0, principal: index === 0 }
    : { kind: "positioner", master: index, principal: true };
}

function describe(channels: readonly ListedChannel[], source: LayoutSource): ChainChannel[] {
  const short = shortNames(channels.map((channel) => channel.name));
  return channels.map((channel) => ({
    ...channel,
    shortName: short.get(channel.name) ?? channel.name,
    settings: dictionaryAt(source.info, "nexuswriter", "devices", channel.name),
    description: dictionaryAt(source.info, "channels", channel.name),
    stream: source.streams.get(channel.name),
  }));
}

/** The device whose metadata describe a channel. */
export function deviceOf(channel: ChainChannel, info: Dictionary): Dictionary {
  const key = textAt(channel.description, "device");
  return key === undefined ? {} : dictionaryAt(info, "devices", key);
}
