import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { ulid } from "ulid";

/**
 * The id of a writer process, unique for ever: `<host>:<pid>:<mark>:<ulid>`. On Linux the mark stands for the boot, the
 * process namespace and the start of the process, so that another writer on the same machine can tell that this one is
 * gone, and need not wait for its leases to run out.
 */
export function newWriterId(): string {
  return [hostname(), process.pid, markOf(process.pid) ?? "", ulid()].join(":");
}

/** True when a writer is known to have ended: it ran here, and its process is gone. */
export function isDeadWriter(id: string): boolean {
  const [host, pid, mark] = id.split(":");
  if (host !== hostname() || !mark) return false;
  const here = machineMark();
  return here !== undefined && mark.startsWith(here) && markOf(Number(pid)) !== mark;
}

function markOf(pid: number): string | undefined {
  const machine = machineMark();
  const start = startOf(pid);
  return machine === undefined || start === undefined ? undefined : `${machine}-${start}`;
}

/** This boot of this machine, and the namespace in which process ids mean something. */
function machineMark(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return createHash("sha1")
      .update(`${boot} ${readlinkSync("/proc/self/ns/pid")}`)
      .digest("hex")
      .slice(0, 12);
  } catch {
    return undefined; // no Linux: leases run out
  }
}

/** When a process was started, in clock ticks since the boot; undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, may hold anything: fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
