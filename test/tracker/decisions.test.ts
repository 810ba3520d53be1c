import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareIds } from "../../src/redis/entry-ids.js";
import {
  cleaningHorizon,
  journalFields,
  newestIds,
  parseJournalEntry,
  SEAL_ID,
} from "../../src/tracker/journal.js";
import { decideTrim } from "../../src/tracker/trimming.js";

const MINUTE = 60_000;

describe("the horizon", () => {
  const rule = { timeSlice: 20, protectedHistory: 180 };

  test("lies at the end of the oldest fifth of the journal", () => {
    expect(cleaningHorizon(0, 100 * MINUTE, rule)).toBe(20 * MINUTE);
  });

  test("never reaches into the protected history", () => {
    expect(cleaningHorizon(0, 10 * MINUTE, { ...rule, timeSlice: 100 })).toBe(7 * MINUTE);
  });

  test("does not exist while everything is protected", () => {
    expect(cleaningHorizon(0, 3 * MINUTE, rule)).toBeUndefined();
    expect(cleaningHorizon(0, 3 * MINUTE + 1, rule)).toBe(1);
  });

  test("does not exist when nothing is to be forgotten", () => {
    expect(cleaningHorizon(0, 100 * MINUTE, { ...rule, timeSlice: 0 })).toBeUndefined();
  });

  test("is always after the origin and before the protected history", () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), fc.nat(100), fc.nat(600), (origin, span, timeSlice, protect) => {
        const now = origin + span;
        const horizon = cleaningHorizon(origin, now, { timeSlice, protectedHistory: protect });
        if (horizon === undefined) return;
        expect(horizon).toBeGreaterThan(origin);
        expect(horizon).toBeLessThanOrEqual(now - protect * 1000);
      }),
    );
  });
});

describe("the journal", () => {
  test("is read as blissdata writes it: one field per stream, its last entry's id", () => {
    const entry = parseJournalEntry({
      id: "1714901568550-3",
      index: 1714901568550,
      fields: new Map([
        ["esrf:stream:A", Buffer.from("41-1")],
        ["esrf:stream:B", Buffer.from(SEAL_ID)],
        ["odd", Buffer.from("hello")],
      ]),
    });
    expect(entry.time).toBe(1714901568550);
    expect([...entry.lastIds]).toEqual([
      ["esrf:stream:A", "41-1"],
      ["esrf:stream:B", SEAL_ID],
    ]);
  });

  test("what is written is what was meant", () => {
    expect(journalFields(new Map([["a", "1-1"]]))).toEqual(["a", "1-1"]);
  });

  test("later entries win over earlier ones, stream by stream", () => {
    const entry = (time: number, ids: Record<string, string>) => ({
      time,
      lastIds: new Map(Object.entries(ids)),
    });
    const ids = newestIds([entry(1, { a: "1-1", b: "5-1" }), entry(2, { a: "3-1" }), entry(3, { c: "0-1" })]);
    expect(Object.fromEntries(ids)).toEqual({ a: "3-1", b: "5-1", c: "0-1" });
  });
});

describe("trimming one stream", () => {
  test("removes what came before the journal's entry", () => {
    expect(decideTrim({ lastId: "41-1", newestId: "89-1", entries: 90, neededId: undefined })).toEqual({
      minId: "41-1",
      heldBack: false,
    });
  });

  test("keeps all from the first entry that a live writer needs", () => {
    expect(decideTrim({ lastId: "41-1", newestId: "89-1", entries: 90, neededId: "12-1" })).toEqual({
      minId: "12-1",
      heldBack: true,
    });
    expect(decideTrim({ lastId: SEAL_ID, newestId: SEAL_ID, entries: 90, neededId: "12-1" })).toEqual({
      minId: "12-1",
      heldBack: true,
    });
  });

  test("a writer that is ahead of the journal holds nothing back", () => {
    expect(decideTrim({ lastId: "41-1", newestId: "89-1", entries: 90, neededId: "41-1" }).heldBack).toBe(
      false,
    );
    expect(decideTrim({ lastId: "41-1", newestId: "89-1", entries: 90, neededId: "50-1" }).minId).toBe(
      "41-1",
    );
  });

  test("a journal that is ahead of the stream leaves its newest entry", () => {
    for (const lastId of ["120-1", SEAL_ID]) {
      expect(decideTrim({ lastId, newestId: "89-1", entries: 90, neededId: undefined }).minId).toBe("89-1");
    }
  });

  test.each([0, 1])("a stream of %i entries is left alone", (entries) => {
    expect(decideTrim({ lastId: SEAL_ID, newestId: SEAL_ID, entries, neededId: "0-0" })).toEqual({
      minId: undefined,
      heldBack: false,
    });
  });

  test("ids are compared as numbers", () => {
    expect(compareIds("9-1", "10-0")).toBeLessThan(0);
    expect(compareIds("10-2", "10-1")).toBeGreaterThan(0);
    expect(compareIds("10-1", "10-1")).toBe(0);
    expect(compareIds(SEAL_ID, "18446744073709551615-0")).toBeGreaterThan(0);
  });
});
