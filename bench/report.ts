import { median, type Row, type Sample, spread } from "./harness.js";

/** One line of the table; times in the work's unit, memory in MiB, CPU in seconds. */
export interface Line {
  readonly group: string;
  readonly work: string;
  readonly unit: string;
  readonly peer: number;
  readonly nxlive: number;
  /** Peer's time over ours: above 1, nxlive is faster. */
  readonly ratio: number;
  readonly spread: number;
  readonly peerCpu: number;
  readonly nxliveCpu: number;
  readonly peerMiB: number;
  readonly nxliveMiB: number;
}

export function lineOf(row: Row): Line {
  const scale = row.work.unit === "ms" ? 1000 : 1;
  const of = (samples: readonly Sample[], pick: (sample: Sample) => number) => median(samples.map(pick));
  const peer = of(row.peer, (sample) => sample.seconds) * scale;
  const nxlive = of(row.nxlive, (sample) => sample.seconds) * scale;
  return {
    group: row.work.group,
    work: row.work.name,
    unit: row.work.unit,
    peer,
    nxlive,
    ratio: peer / nxlive,
    spread: Math.max(spread(row.peer.map((s) => s.seconds)), spread(row.nxlive.map((s) => s.seconds))),
    peerCpu: of(row.peer, (sample) => sample.cpu),
    nxliveCpu: of(row.nxlive, (sample) => sample.cpu),
    peerMiB: of(row.peer, (sample) => sample.rss) / 2 ** 20,
    nxliveMiB: of(row.nxlive, (sample) => sample.rss) / 2 ** 20,
  };
}

/** The lines as a Markdown table. */
export function table(lines: readonly Line[]): string {
  const head =
    "| work | peer | nxlive | ratio | spread | CPU s peer / nxlive | peak MiB peer / nxlive |\n|---|---|---|---|---|---|---|";
  let group = "";
  const body = lines.map((line) => {
    const title = line.group === group ? "" : `| **${line.group}** | | | | | | |\n`;
    group = line.group;
    const cells = [
      line.work,
      `${line.peer.toPrecision(3)} ${line.unit}`,
      `${line.nxlive.toPrecision(3)} ${line.unit}`,
      `${line.ratio.toFixed(2)} ×`,
      `${Math.round(line.spread * 100)} %`,
      `${line.peerCpu.toFixed(2)} / ${line.nxliveCpu.toFixed(2)}`,
      `${Math.round(line.peerMiB)} / ${Math.round(line.nxliveMiB)}`,
    ];
    return `${title}| ${cells.join(" | ")} |`;
  });
  return [head, ...body].join("\n");
}
