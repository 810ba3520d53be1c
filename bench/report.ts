import { median, type Row, type Sample, spread } from "./harness.js";

/** One side of a line: time in the work's unit, CPU in seconds, memory in MiB. */
export interface Side {
  readonly time: number;
  readonly p99?: number;
  readonly cpu: number;
  readonly mib: number;
}

/** One line of the table. */
export interface Line {
  readonly group: string;
  readonly work: string;
  readonly unit: string;
  readonly peer: Side | null;
  readonly nxlive: Side;
  /** Peer's time over ours: above 1, nxlive is faster. */
  readonly ratio: number | null;
  readonly spread: number;
  /** Microseconds for one point, scan or stream. */
  readonly each?: number;
}

/** A work that could not be measured, and why. */
export interface Failure {
  readonly group: string;
  readonly work: string;
  readonly failure: string;
}

export function lineOf({ work, nxlive, peer }: Row): Line {
  const scale = work.unit === "ms" ? 1000 : 1;
  const ours = sideOf(nxlive, scale);
  const theirs = peer.length > 0 ? sideOf(peer, scale) : null;
  const times = (samples: readonly Sample[]) => samples.map(({ seconds }) => seconds);
  return {
    group: work.group,
    work: work.name,
    unit: work.unit,
    peer: theirs,
    nxlive: ours,
    ratio: theirs && theirs.time / ours.time,
    spread: Math.max(spread(times(peer)), spread(times(nxlive))),
    ...(work.count === undefined ? {} : { each: ((ours.time / scale) * 1e6) / work.count }),
  };
}

function sideOf(samples: readonly Sample[], scale: number): Side {
  const middle = (pick: (sample: Sample) => number) => median(samples.map(pick));
  const side = {
    time: middle(({ seconds }) => seconds) * scale,
    cpu: middle(({ cpu }) => cpu),
    mib: middle(({ rss }) => rss) / 2 ** 20,
  };
  const tails = samples.flatMap(({ p99 }) => p99 ?? []);
  return tails.length > 0 ? { ...side, p99: median(tails) * scale } : side;
}

const HEAD = `| work | peer | nxlive | ratio | spread | CPU s peer / nxlive | peak MiB peer / nxlive | each |
|---|---|---|---|---|---|---|---|`;

/** The lines as a Markdown table. */
export function table(lines: readonly (Line | Failure)[]): string {
  let group = "";
  const body = lines.map((line) => {
    const title = line.group === group ? "" : `| **${line.group}** | | | | | | | |\n`;
    group = line.group;
    const cells =
      "failure" in line ? [line.work, `failed: ${line.failure}`, "", "", "", "", "", ""] : cellsOf(line);
    return `${title}| ${cells.join(" | ")} |`;
  });
  return [HEAD, ...body].join("\n");
}

function cellsOf({ work, unit, peer, nxlive, ratio, spread, each }: Line): string[] {
  return [
    work,
    peer ? timeOf(peer, unit) : "–",
    timeOf(nxlive, unit),
    ratio === null ? "–" : `${ratio.toFixed(2)} ×`,
    `${Math.round(spread * 100)} %`,
    `${peer ? peer.cpu.toFixed(2) : "–"} / ${nxlive.cpu.toFixed(2)}`,
    `${peer ? Math.round(peer.mib) : "–"} / ${Math.round(nxlive.mib)}`,
    each === undefined ? "" : `${each.toPrecision(3)} µs`,
  ];
}

function timeOf({ time, p99 }: Side, unit: string): string {
  return `${time.toPrecision(3)} ${unit}${p99 === undefined ? "" : ` (p99 ${p99.toPrecision(3)})`}`;
}
