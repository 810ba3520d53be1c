import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filePattern } from "../../../src/stream/plugins/file-pattern.js";
import { LimaFiles, limaFiles } from "../../../src/stream/plugins/lima-files.js";

function files(framesPerFile: number, framesPerAcquisition: number, fileOffset = 0): LimaFiles {
  return new LimaFiles({
    filePath: "/data/img_%04d.h5",
    dataPath: "/entry_0000/measurement/data",
    fileFormat: "hdf5",
    fileOffset,
    framesPerFile,
    framesPerAcquisition,
  });
}

const layouts = fc.record({
  perFile: fc.nat(9),
  perAcquisition: fc.nat(23),
  offset: fc.nat(5),
});

describe("where an image lies", () => {
  test("acquisitions that are no multiple of the file length end with a short file", () => {
    const places = Array.from({ length: 14 }, (_, image) => files(3, 7).locate(image));
    expect(places.map(({ file }) => Number(file.slice(10, 14)))).toEqual([
      0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 4, 4, 5,
    ]);
    expect(places.map(({ index }) => index)).toEqual([0, 1, 2, 0, 1, 2, 0, 0, 1, 2, 0, 1, 2, 0]);
  });

  test("the first file has the number file_offset", () => {
    expect(files(10, 35, 5).locate(16)).toEqual({
      file: "/data/img_0006.h5",
      dataset: "/entry_0000/measurement/data",
      index: 6,
    });
  });

  test("frame_per_file 0 keeps an acquisition in one file", () => {
    expect(files(0, 4).locate(9)).toMatchObject({ file: "/data/img_0002.h5", index: 1 });
  });

  test("frame_per_acquisition 0 makes one endless acquisition", () => {
    expect(files(4, 0).locate(1001)).toMatchObject({ file: "/data/img_0250.h5", index: 1 });
  });

  test("both 0 keep all images in one file", () => {
    expect(files(0, 0, 3).locate(1001)).toMatchObject({ file: "/data/img_0003.h5", index: 1001 });
  });

  test("no two images share a place, and indices start at 0 in every file", () => {
    fc.assert(
      fc.property(layouts, ({ perFile, perAcquisition, offset }) => {
        const layout = files(perFile, perAcquisition, offset);
        const seen = new Map<string, number>();
        for (let image = 0; image < 60; image++) {
          const { file, index } = layout.locate(image);
          expect(index).toBe(seen.get(file) ?? 0);
          seen.set(file, index + 1);
        }
      }),
    );
  });
});

describe("the first image of a file", () => {
  test("is the one that lies at its beginning, file by file", () => {
    fc.assert(
      fc.property(layouts, fc.nat(12), ({ perFile, perAcquisition, offset }, file) => {
        const layout = files(perFile, perAcquisition, offset);
        const first = layout.firstInFile(file);
        if (first === undefined) {
          expect([perFile, perAcquisition]).toEqual([0, 0]);
          return;
        }
        const name = `/data/img_${String(file + offset).padStart(4, "0")}.h5`;
        expect(layout.locate(first)).toMatchObject({ file: name, index: 0 });
      }),
    );
  });
});

describe("runs of images", () => {
  test("one run per file", () => {
    expect([...files(10, 35).runs(8, 22)]).toEqual([
      {
        start: 8,
        count: 2,
        file: "/data/img_0000.h5",
        dataset: "/entry_0000/measurement/data",
        index: 8,
      },
      {
        start: 10,
        count: 10,
        file: "/data/img_0001.h5",
        dataset: "/entry_0000/measurement/data",
        index: 0,
      },
      {
        start: 20,
        count: 2,
        file: "/data/img_0002.h5",
        dataset: "/entry_0000/measurement/data",
        index: 0,
      },
    ]);
  });

  test("an empty range has none", () => {
    expect([...files(10, 35).runs(5, 5)]).toEqual([]);
  });

  test("runs name every image once, in order, where locate() finds it", () => {
    fc.assert(
      fc.property(layouts, fc.nat(40), fc.nat(40), ({ perFile, perAcquisition, offset }, start, count) => {
        const layout = files(perFile, perAcquisition, offset);
        const runs = [...layout.runs(start, start + count)];
        const images = runs.flatMap((run) =>
          Array.from({ length: run.count }, (_, k) => ({
            image: run.start + k,
            file: run.file,
            dataset: run.dataset,
            index: run.index + k,
          })),
        );
        expect(images).toEqual(
          Array.from({ length: count }, (_, k) => ({ image: start + k, ...layout.locate(start + k) })),
        );
        expect(new Set(runs.map(({ file }) => file)).size).toBe(runs.length);
      }),
    );
  });
});

describe("files that are safe to read", () => {
  test("a file is closed once an image went into a later file", () => {
    const layout = files(3, 7);
    expect(Array.from({ length: 11 }, (_, i) => layout.readable(i - 1, false))).toEqual([
      0, 0, 0, 0, 3, 3, 3, 6, 7, 7, 7,
    ]);
  });

  test("the seal closes the last file", () => {
    expect(files(3, 7).readable(4, true)).toBe(5);
  });

  test("nothing is readable before the first image is saved", () => {
    expect(files(3, 7).readable(-1, true)).toBe(0);
  });

  test("without splitting nothing is readable before the seal", () => {
    expect(files(0, 0).readable(500, false)).toBe(0);
    expect(files(0, 0).readable(500, true)).toBe(501);
  });
});

describe("lima_info", () => {
  test("no file_path: the images are not saved", () => {
    expect(limaFiles({ frame_per_acquisition: 4 })).toBeNull();
  });

  test("reads what publishers write", () => {
    const layout = limaFiles({
      file_path: "/raw/cam_%02d.edf",
      data_path: null,
      file_format: "edf",
      file_offset: 2,
      frame_per_file: 5,
      frame_per_acquisition: 10,
    });
    expect(layout?.locate(7)).toEqual({ file: "/raw/cam_03.edf", dataset: null, index: 2 });
  });

  test.each([
    ["file_path", 5],
    ["data_path", 1],
    ["file_format", {}],
    ["frame_per_file", -1],
    ["frame_per_file", "3"],
    ["frame_per_acquisition", 1.5],
    ["file_offset", Number.NaN],
  ])("a bad %s (%j) is an error that names it", (field, value) => {
    expect(() => limaFiles({ file_path: "/a_%d.h5", [field]: value })).toThrow(`lima_info.${field}`);
  });
});

describe("file patterns", () => {
  test.each([
    ["img_%04d.h5", 7, "img_0007.h5"],
    ["img_%d", 12345, "img_12345"],
    ["%3d", 7, "  7"],
    ["%-3d|", 7, "7  |"],
    ["%+04d", 7, "+007"],
    ["%04i_100%%", 3, "0003_100%"],
    ["%x", 255, "ff"],
    ["%04X", 255, "00FF"],
    ["%o", 8, "10"],
    ["%.3d", 8, "008"],
    ["%s.h5", 8, "8.h5"],
  ])("%j with %i is %j, as in Python", (pattern, number, expected) => {
    expect(filePattern(pattern)(number)).toBe(expected);
  });

  test.each(["img.h5", "img_%d_%d.h5", "img_%f.h5", "%d%"])("%j is refused", (pattern) => {
    expect(() => filePattern(pattern)).toThrow("exactly one number");
  });
});
