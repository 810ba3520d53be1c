import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { WritingState } from "./status.js";

/**
 * What the writer tells Prometheus. Names begin with `nxlive_writer_`; units stand in the names. Node's own figures
 * (memory, CPU, event loop) come with them.
 */
export class WriterMetrics {
  readonly registry = new Registry();
  readonly scansOpen = new Gauge({
    name: "nxlive_writer_scans_open",
    help: "Scans that are being written or waited for",
    registers: [this.registry],
  });
  readonly filesOpen = new Gauge({
    name: "nxlive_writer_files_open",
    help: "HDF5 files that are open",
    registers: [this.registry],
  });
  readonly #scans = new Counter({
    name: "nxlive_writer_scans_total",
    help: "Scans that came to an end, by their final state",
    labelNames: ["state"] as const,
    registers: [this.registry],
  });
  readonly points = new Counter({
    name: "nxlive_writer_points_total",
    help: "Points that were committed to files",
    registers: [this.registry],
  });
  readonly bytes = new Counter({
    name: "nxlive_writer_data_bytes_total",
    help: "Bytes of these points, before compression",
    registers: [this.registry],
  });
  readonly lost = new Counter({
    name: "nxlive_writer_lost_points_total",
    help: "Points that Redis had trimmed before they were written",
    registers: [this.registry],
  });
  readonly retries = new Counter({
    name: "nxlive_writer_retries_total",
    help: "How often a scan was taken up again after a problem with a file",
    registers: [this.registry],
  });
  readonly commits = new Histogram({
    name: "nxlive_writer_commit_seconds",
    help: "Time that commits took",
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  scanEnded(state: WritingState): void {
    this.#scans.inc({ state });
  }
}
