import { describe, expect, test } from "vitest";
import { resolve } from "../../src/mapping/resolve.js";
import { group, soft, treeOf } from "./support.js";

const root = treeOf({
  "1.1": group({
    instrument: group({ diode: group({ data: [1, 2] }), "..": group({ odd: 1 }) }),
    measurement: group({
      diode: soft("../instrument"),
      good: soft("/1.1/instrument/diode/data"),
      near: soft("good"),
    }),
    self: soft("."),
    again: soft("/1.1"),
    elsewhere: { type: "external_link", target_file: "other.h5", target_path: "/entry" },
    dangling: soft("/2.1/data"),
    a: soft("b"),
    b: soft("/1.1/c/x"),
    c: soft("a"),
    grows: soft("grows/x"),
  }),
});

describe("resolve", () => {
  test("finds items by absolute path", () => {
    expect(resolve(root, "/1.1/instrument/diode")).toMatchObject({
      kind: "found",
      path: "/1.1/instrument/diode",
    });
  });

  test("takes / and the empty path for the root", () => {
    expect(resolve(root, "/")).toEqual({ kind: "found", path: "/", node: root });
    expect(resolve(root, "")).toEqual({ kind: "found", path: "/", node: root });
  });

  test("starts relative paths at the given group", () => {
    expect(resolve(root, "diode/data", { from: "/1.1/instrument" })).toMatchObject({
      path: "/1.1/instrument/diode/data",
    });
  });

  test("ignores empty elements and dots, as HDF5 does", () => {
    expect(resolve(root, "//1.1/./instrument//diode/.")).toMatchObject({ path: "/1.1/instrument/diode" });
  });

  test("takes .. for an ordinary name, as HDF5 does", () => {
    expect(resolve(root, "/1.1/instrument/../odd")).toMatchObject({
      kind: "found",
      path: "/1.1/instrument/../odd",
    });
    expect(resolve(root, "/1.1/measurement/diode")).toMatchObject({
      kind: "missing",
      path: "/1.1/measurement/..",
    });
  });

  test("follows soft links step by step, relative ones from the group that holds them", () => {
    expect(resolve(root, "/1.1/measurement/near")).toMatchObject({
      kind: "found",
      path: "/1.1/instrument/diode/data",
    });
    expect(resolve(root, "/1.1/again/again/self/instrument")).toMatchObject({ path: "/1.1/instrument" });
  });

  test("gives the last link itself when asked", () => {
    expect(resolve(root, "/1.1/measurement/near", { followLast: false })).toMatchObject({
      path: "/1.1/measurement/near",
      node: { kind: "soft_link", target: "good" },
    });
    expect(resolve(root, "/1.1/elsewhere", { followLast: false })).toMatchObject({
      node: { kind: "external_link" },
    });
  });

  test("tells where to go on in another file", () => {
    expect(resolve(root, "/1.1/again/elsewhere/data/x")).toMatchObject({
      kind: "external",
      path: "/1.1/elsewhere",
      link: { file: "other.h5" },
      target: "/entry/data/x",
    });
  });

  test("says which element is missing, and through which links", () => {
    expect(resolve(root, "/1.1/dangling")).toEqual({
      kind: "missing",
      path: "/2.1",
      reason: "no such name",
      links: ["/1.1/dangling → /2.1/data"],
    });
    expect(resolve(root, "/1.1/instrument/diode/data/x")).toMatchObject({
      kind: "missing",
      reason: "/1.1/instrument/diode/data is a dataset, no group",
    });
  });

  test("shows the chain of a cycle of links", () => {
    expect(() => resolve(root, "/1.1/a")).toThrow(
      expect.objectContaining({ code: "ERR_LINK_CYCLE", chain: ["/1.1/a", "/1.1/b", "/1.1/c", "/1.1/a"] }),
    );
    expect(() => resolve(root, "/1.1/a")).toThrow(/\/1\.1\/a → \/1\.1\/b → \/1\.1\/c → \/1\.1\/a/);
  });

  test("sees a link that leads through itself as a cycle", () => {
    expect(() => resolve(root, "/1.1/grows")).toThrow(expect.objectContaining({ code: "ERR_LINK_CYCLE" }));
  });

  test("lets a link be passed again once it was left", () => {
    const links = treeOf({ g: group({ up: soft("/a/x"), x: group({ y: 1 }) }), a: soft("/g") });
    expect(resolve(links, "/a/up/y")).toMatchObject({ kind: "found", path: "/g/x/y" });
  });

  test("gives up on links that multiply without end", () => {
    const many: Record<string, unknown> = { l0: soft(".") };
    for (let i = 1; i < 60; i++) many[`l${i}`] = soft(`l${i - 1}/l${i - 1}`);
    expect(() => resolve(treeOf(many), "/l59")).toThrow(
      expect.objectContaining({ code: "ERR_TOO_MANY_LINKS" }),
    );
  });

  test("finds no inherited properties", () => {
    expect(resolve(root, "/__proto__")).toMatchObject({ kind: "missing" });
    expect(resolve(root, "/constructor")).toMatchObject({ kind: "missing" });
  });
});
