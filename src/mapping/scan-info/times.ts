const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?$/;

/**
 * A publisher's time as ISO 8601 with a zone, at most microseconds: what Python's `isoformat` gives. A time without a
 * zone is taken as local. Undefined for what is no time.
 */
export function isoTime(value: unknown): string | undefined {
  const match = typeof value === "string" ? ISO.exec(value.trim()) : null;
  if (!match) return undefined;
  const [, day, clock = "", fraction, zone] = match;
  const seconds = clock.length === 5 ? `${clock}:00` : clock;
  if (Number.isNaN(Date.parse(`${day}T${seconds}Z`))) return undefined;
  const micro = (fraction ?? "").slice(0, 6).padEnd(6, "0");
  const tail = micro === "000000" ? "" : `.${micro}`;
  return `${day}T${seconds}${tail}${zoneOf(zone, `${day}T${seconds}`)}`;
}

/** A moment in the local zone, as `isoTime` writes it. */
export function localIsoTime(moment: Date): string {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return `${local.toISOString().slice(0, 23)}000${offsetText(-moment.getTimezoneOffset())}`;
}

function zoneOf(zone: string | undefined, local: string): string {
  if (zone === "Z") return "+00:00";
  if (zone !== undefined) return zone.includes(":") ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  return offsetText(-new Date(local).getTimezoneOffset());
}

function offsetText(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}
