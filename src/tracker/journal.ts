import type { Entry } from "../redis/replies.js";

/** What the streams held at one moment: the last entry's id of each stream that was live. */
export interface JournalEntry {
  /** Milliseconds since 1970, by the server's clock. */
  readonly time: number;
  readonly lastIds: ReadonlyMap<string, string>;
}

/** The id of the entry that seals a stream. */
export const SEAL_ID = "18446744073709551615-18446744073709551615";

/** An entry of `_MEMORY_TRACKING_`: one field per stream key, as blissdata's tracker writes it. */
export function parseJournalEntry(entry: Entry): JournalEntry {
  const lastIds = new Map<string, string>();
  for (const [stream, id] of entry.fields) {
    if (isEntryId(id.toString())) lastIds.set(stream, id.toString());
  }
  return { time: entry.index, lastIds };
}

/** The fields of a new journal entry. */
export function journalFields(lastIds: ReadonlyMap<string, string>): string[] {
  return [...lastIds].flat();
}

/** The milliseconds in the id of an entry whose id the server chose. */
export function timeOfId(id: string): number {
  return Number(id.split("-")[0]);
}

function isEntryId(text: string): boolean {
  return /^\d{1,20}-\d{1,20}$/.test(text);
}

/** The last known id of each stream in journal entries, oldest first. */
export function newestIds(entries: Iterable<JournalEntry>): Map<string, string> {
  const newest = new Map<string, string>();
  for (const { lastIds } of entries) for (const [stream, id] of lastIds) newest.set(stream, id);
  return newest;
}

export interface HorizonRule {
  /** Percentage of the journal's time span that one cleaning forgets. */
  readonly timeSlice: number;
  /** Seconds before now that are never touched. */
  readonly protectedHistory: number;
}

/**
 * The moment before which data may be forgotten: the end of the oldest `timeSlice` percent of the time since the
 * journal's first entry, but never within the protected history. Undefined when nothing is that old. Times in ms.
 */
export function cleaningHorizon(origin: number, now: number, rule: HorizonRule): number | undefined {
  const slice = origin + Math.floor(((now - origin) * rule.timeSlice) / 100);
  const horizon = Math.min(slice, now - rule.protectedHistory * 1000);
  return horizon > origin ? horizon : undefined;
}
