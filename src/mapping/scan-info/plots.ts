import type { GroupBuilder, Report } from "./builder.js";
import type { PlacedChannel } from "./detectors.js";
import { dictionaryAt, type ScanContext } from "./info.js";
import { gridAxis, gridOf } from "./mesh.js";
import { isPositioner } from "./typing.js";
import { float64Array, indexArray, textArray, textScalar } from "./values.js";

const PLOT = "plotselect";
/** Nobody looks at more curves; every item is compared with every channel. */
const MAX_ITEMS = 1000;

/** The names that a scan wants plotted: `display_extra.displayed_channels`, where that is missing `plotselect`. */
function plotItems(info: ScanContext["info"]): readonly string[] {
  const extra = dictionaryAt(info, "display_extra");
  const items = extra.displayed_channels ?? extra.plotselect;
  if (!Array.isArray(items)) return [];
  return items.filter((item) => typeof item === "string" && item !== "").slice(0, MAX_ITEMS);
}

/**
 * The plots of an entry: NXdata groups with links to the selected detectors and the scanned positions, one per shape
 * of the data. `plotselect` is the only one or a link to one of them, and the entry's default.
 */
export function addPlots(
  entry: GroupBuilder,
  placed: readonly PlacedChannel[],
  scan: ScanContext,
  report: Report,
): void {
  const signals = selectSignals(plotItems(scan.info), placed, scan, report);
  if (signals.length === 0) return;
  if (entry.has(PLOT)) {
    report.warn(entry.pathOf(PLOT), "No plot was made: metadata are written under this name.");
    return;
  }
  const groups = groupSignals(signals);
  const names = groups.length === 1 ? [PLOT] : plotNames(groups);
  groups.forEach((group, i) => {
    const plot = entry.group(names[i] ?? PLOT, "NXdata");
    if (plot) fillPlot(plot, group, placed, scan);
  });
  const last = names.at(-1);
  if (groups.length > 1 && last !== undefined) entry.softLink(PLOT, entry.pathOf(last));
  entry.attributes.set("default", textScalar(PLOT));
}

/**
 * The detector for every item: the first one, sorted by name, whose last parts (split at "." and ":") end with those of
 * the item. A detector is plotted once: the longest items choose first, so that `images` leaves `external_images` to
 * an item of that name.
 */
function selectSignals(
  items: readonly string[],
  placed: readonly PlacedChannel[],
  scan: ScanContext,
  report: Report,
): PlacedChannel[] {
  const detectors = placed
    .filter((channel) => channel.linked && !isPositioner(channel.channel))
    .sort(byLink)
    .map((channel) => ({ channel, parts: reversedParts(channel.channel.name) }));
  const chosen = new Map<string, PlacedChannel>();
  const taken = new Set<PlacedChannel>();
  for (const item of [...new Set(items)].sort((a, b) => b.length - a.length)) {
    const wanted = reversedParts(item);
    const match = detectors.find(
      ({ channel, parts }) => !taken.has(channel) && endWith(parts, wanted),
    )?.channel;
    if (!match || !isPlottable(match, scan, report)) continue;
    taken.add(match);
    chosen.set(item, match);
  }
  return items.flatMap((item) => {
    const detector = chosen.get(item);
    chosen.delete(item);
    return detector ?? [];
  });
}

function byLink(a: PlacedChannel, b: PlacedChannel): number {
  return a.link < b.link ? -1 : a.link > b.link ? 1 : 0;
}

function reversedParts(name: string): string[] {
  return name.split(/[.:]/).reverse();
}

function endWith(parts: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((part, i) => parts[i]?.endsWith(part) ?? false);
}

/** Numbers of known shape; on a grid, only when every point of it is there (and no more). */
function isPlottable(channel: PlacedChannel, { grid, final }: ScanContext, report: Report): boolean {
  if (channel.point.dtype === undefined || channel.point.shape.includes(-1)) return false;
  if (grid === null || grid.length < 2) return true;
  const points = grid.reduce((product, length) => product * length, 1);
  if (channel.length === points) return true;
  if (final) report.warn(channel.path, `Not plotted: ${channel.length ?? 0} points of a grid of ${points}.`);
  return false;
}

/** Signals that can share one NXdata: same number of points, same shape of a point. */
function groupSignals(signals: readonly PlacedChannel[]): PlacedChannel[][] {
  const groups = new Map<string, PlacedChannel[]>();
  for (const signal of signals) {
    const key = JSON.stringify([signal.length, signal.point.shape]);
    const group = groups.get(key);
    if (group) group.push(signal);
    else groups.set(key, [signal]);
  }
  return [...groups.values()].sort(bySignals);
}

function bySignals(a: readonly PlacedChannel[], b: readonly PlacedChannel[]): number {
  const names = (group: readonly PlacedChannel[]) =>
    group
      .map(({ link }) => link)
      .sort()
      .join("\0");
  const [left, right] = [names(a), names(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `plotselect_<type>` after the first signal's type of device; equal ones are numbered in their order. */
function plotNames(groups: readonly (readonly PlacedChannel[])[]): string[] {
  const types = groups.map(([first]) => first?.type || `unknown${first?.point.shape.length ?? 0}D`);
  const seen = new Map<string, number>();
  return types.map((type) => {
    if (types.filter((other) => other === type).length === 1) return `${PLOT}_${type}`;
    const index = (seen.get(type) ?? 0) + 1;
    seen.set(type, index);
    return `${PLOT}_${type}${index}`;
  });
}

function fillPlot(
  plot: GroupBuilder,
  signals: readonly PlacedChannel[],
  placed: readonly PlacedChannel[],
  scan: ScanContext,
): void {
  const [first, ...others] = signals;
  if (!first) return;
  plot.attributes.set("signal", textScalar(first.link));
  if (others.length > 0) plot.attributes.set("auxiliary_signals", textArray(others.map(({ link }) => link)));
  const onGrid = scan.grid !== null && scan.grid.length >= 2;
  for (const { link, path, point } of signals) {
    if (onGrid && scan.grid) plot.set(link, gridOf(path, scan.grid, point.shape, point.dtype ?? "<f8"));
    else plot.softLink(link, path);
  }
  const axes = onGrid && scan.grid ? gridAxes(plot, scan.grid, placed) : linearAxes(plot, first, placed);
  if (!axes) return;
  first.point.shape.forEach((length, i) => {
    axes.push(freeName(plot, `datadim${i}`, indexArray(length)));
  });
  if (axes.length > 0) plot.attributes.set("axes", textArray(axes));
}

function freeName(plot: GroupBuilder, name: string, array: ReturnType<typeof indexArray>): string {
  const free = plot.has(name) ? `${name}_axis` : name;
  plot.dataset(free, array);
  return free;
}

/** The scanned positions, in the order of the motors; those of a group that moves together only once. */
function plotPositioners(placed: readonly PlacedChannel[]): PlacedChannel[] {
  return placed
    .filter(({ channel, linked }) => linked && channel.positioner?.principal)
    .sort((a, b) => (a.channel.positioner?.master ?? 0) - (b.channel.positioner?.master ?? 0));
}

/**
 * The axes of a scan along a line: the motor, or for a scatter of scalars all motors. Undefined when the scan's own axis
 * cannot be named (several motors, data with axes of their own).
 */
function linearAxes(
  plot: GroupBuilder,
  signal: PlacedChannel,
  placed: readonly PlacedChannel[],
): string[] | undefined {
  if (signal.single) return [];
  const positioners = plotPositioners(placed);
  const scalar = signal.point.shape.length === 0;
  if (positioners.length === 0) return scalar ? undefined : ["."];
  if (positioners.length > 1 && !scalar) return undefined;
  return positioners.map(({ link, path }) => {
    plot.softLink(link, path);
    return link;
  });
}

/** One regular axis per motor, slow one first. Undefined when positions are not known, or fewer motors than axes. */
function gridAxes(
  plot: GroupBuilder,
  grid: readonly number[],
  placed: readonly PlacedChannel[],
): string[] | undefined {
  const positioners = plotPositioners(placed).reverse();
  if (positioners.length !== grid.length) return undefined;
  const positions = positioners.map(({ channel }, axis) =>
    gridAxis(channel.stream?.values ?? [], grid, axis),
  );
  if (positions.includes(undefined)) return undefined;
  return positioners.map(({ link }, axis) => freeName(plot, link, float64Array(positions[axis] ?? [])));
}

/** True when the layout draws axes from the positions themselves, so that their values are needed. */
export function needsPositions(scan: Pick<ScanContext, "info" | "grid">): boolean {
  return scan.grid !== null && scan.grid.length >= 2 && plotItems(scan.info).length > 0;
}
