import { copyFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { limaDefinition } from "../../../src/stream/plugins/definitions.js";
import { LimaStream } from "../../../src/stream/plugins/lima.js";
import { fixtureCamera } from "../../support/lima.js";
import { limaScans, limaStream, running, status } from "./lima-support.js";
import { collect, errorOf, scanWith } from "./support.js";

const scans = limaScans({ edf: "scan-info/17_lima_edf" });

describe("images that cannot be read", () => {
  test("are counted when the detector does not save them, and say so when asked for", async () => {
    const { publisher, stream } = await running(scans(), { saved: false });
    await publisher.send(status(4, -1));
    await publisher.flush();
    expect(await stream.length()).toBe(5);
    expect(await errorOf(stream.at(4))).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED" });
    expect(await errorOf(stream.at(4, { wait: true }))).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED" });
    expect(() => stream.references(0, 1)).toThrow("does not save");
    const { value } = await stream.cursor().next();
    expect(value).toMatchObject({ index: 0, length: 5 });
    expect(await errorOf(value?.data() ?? Promise.resolve())).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED" });
  });

  test("are not even counted once their status was trimmed", async () => {
    const { publisher, stream } = await running(scans(), { saved: false });
    await publisher.send(status(4, -1));
    await publisher.seal();
    await scans().store.redis.commands.call(["XTRIM", publisher.key, "MAXLEN", "1"]);
    expect(await errorOf(stream.length())).toMatchObject({ code: "ERR_INDEX_NO_MORE_THERE" });
  });

  test("at the end of an aborted scan are not passed over silently", async () => {
    const { publisher, stream } = await running(scans());
    await publisher.send(status(16, 12));
    await publisher.seal();
    expect(await errorOf(stream.at(13))).toMatchObject({ code: "ERR_IMAGES_NOT_SAVED", index: 13 });
    const views = await collect(stream.cursor());
    expect(views.map(({ index, length }) => [index, length])).toEqual([
      [0, 13],
      [13, 4],
    ]);
    expect(await errorOf(views[1]?.data() ?? Promise.resolve())).toMatchObject({
      code: "ERR_IMAGES_NOT_SAVED",
    });
  });

  test("name the file that is missing", async () => {
    const { publisher, stream } = await running(scans(), { framesPerAcquisition: 100 });
    await publisher.send(status(59, 59));
    await publisher.seal();
    expect(await errorOf(stream.at(45))).toMatchObject({
      code: "ERR_DATA_FILE_MISSING",
      path: join(scans().folder, "multi", "scan0001", "cam_0004.h5"),
    });
    expect(await errorOf(stream.at(36))).toMatchObject({ code: "ERR_DATA_FILE", index: 6 });
  });

  test("in a format that is not supported say which", async () => {
    expect(await errorOf((await limaStream(scans(), "edf", 1, "cam:image")).at(0))).toMatchObject({
      code: "ERR_FILE_FORMAT",
    });
  });

  test("with another type than announced are an error", async () => {
    const { publisher, stream } = await scanWith(
      scans().store,
      limaDefinition({ ...fixtureCamera(), dtype: "<f4" }),
    );
    await publisher.send(status(9, 9));
    await publisher.seal();
    expect(await errorOf(stream.at(0))).toMatchObject({ code: "ERR_DATA_FILE" });
  });
});

describe("images that are counted from the files, as their status was trimmed", () => {
  async function counted(filePath: string) {
    const { store } = scans();
    const camera = fixtureCamera();
    const saving = { ...camera.saving, filePath };
    const { publisher, stream } = await scanWith(store, limaDefinition({ ...camera, saving }));
    await publisher.send(status(34, 34));
    await publisher.seal();
    await store.redis.commands.call(["XTRIM", stream.key, "MAXLEN", "1"]);
    return stream;
  }

  test("are all there but for those in a last file that is damaged", async () => {
    const source = fixtureCamera().saving.filePath;
    const target = join(scans().folder, "damaged_%04d.h5");
    const name = (pattern: string, number: number) => pattern.replace("%04d", `000${number}`);
    for (const number of [0, 1, 2, 3]) await copyFile(name(source, number), name(target, number));
    await truncate(name(target, 3), 3000);
    const stream = await counted(target);
    expect(await stream.length()).toBe(35);
    expect((await stream.slice(0, 30)).shape).toEqual([30, 12, 16]);
    expect(await errorOf(stream.at(30))).toMatchObject({ code: "ERR_DATA_FILE", path: name(target, 3) });
  });

  test("are not taken for none when there is no file any more", async () => {
    const stream = await counted("/nowhere/cam_%04d.h5");
    expect(await errorOf(stream.length())).toMatchObject({
      code: "ERR_DATA_FILE_MISSING",
      path: "/nowhere/cam_0000.h5",
    });
  });
});

describe("parts of images", () => {
  const whole = (count: number) => ({ start: 0, step: 1, count, drop: false });

  test.each([
    ["hdf5", 12, 16],
    ["edf", 4, 6],
  ])(
    "in %s files of another shape than announced are an error, not what lies beside them",
    async (format, rows, columns) => {
      const { store, folder } = scans();
      const edf = join(folder, "edf", "scan0001", "cam_%04d.edf");
      const camera = fixtureCamera(join(folder, "multi"));
      const saving =
        format === "edf" ? { ...camera.saving, filePath: edf, fileFormat: "EDF" } : camera.saving;
      const parts = async (shape: readonly number[], wanted: readonly number[]) => {
        const definition = limaDefinition({ ...camera, saving, shape });
        const { publisher, stream } = await scanWith(store, definition);
        if (!(stream instanceof LimaStream)) throw new Error("This is no Lima stream.");
        await publisher.send(status(0, 0));
        await publisher.seal();
        return stream.readPart(whole(1), wanted.map(whole));
      };
      const found = `[${rows},${columns}]`;
      for (const announced of [
        [rows, columns + 2],
        [rows + 2, columns],
        [rows - 1, columns - 1],
        [rows * columns],
        [rows, columns, 1],
      ]) {
        expect(await errorOf(parts(announced, announced))).toMatchObject({
          code: "ERR_DATA_FILE",
          message: expect.stringContaining(`${found} where [${announced}]`),
        });
      }
      expect((await parts([-1, -1], [rows, columns])).shape).toEqual([1, rows, columns]);
      expect(await errorOf(parts([-1, -1], [rows + 1, columns]))).toMatchObject({ code: "ERR_DATA_FILE" });
    },
  );

  test("may be empty, also behind the last row", async () => {
    const { store, folder } = scans();
    const { publisher, stream } = await scanWith(store, limaDefinition(fixtureCamera(join(folder, "multi"))));
    if (!(stream instanceof LimaStream)) throw new Error("This is no Lima stream.");
    await publisher.send(status(0, 0));
    await publisher.seal();
    const nothing = { start: 12, step: 1, count: 0, drop: false };
    expect((await stream.readPart(whole(1), [nothing, whole(16)])).shape).toEqual([1, 0, 16]);
  });
});

describe("descriptions that cannot be used", () => {
  test.each([
    ["no lima_info", { plugin: "lima", dtype: "uint16", shape: [2, 2] }],
    [
      "another protocol",
      { plugin: "lima", dtype: "uint16", shape: [2, 2], lima_info: { protocol_version: 7 } },
    ],
    [
      "an unknown dtype",
      { plugin: "lima", dtype: "quaternion", shape: [2, 2], lima_info: { protocol_version: 1 } },
    ],
    ["no shape", { plugin: "lima", dtype: "uint16", lima_info: { protocol_version: 1 } }],
    [
      "a bad pattern",
      {
        plugin: "lima",
        dtype: "uint16",
        shape: [2],
        lima_info: { protocol_version: 1, file_path: "/a/b.h5" },
      },
    ],
  ])("%s: the stream is broken, the scan is not", async (_, info) => {
    const scan = await scans().store.createScan({ name: "bad", number: 1, data_policy: "no_policy" });
    scan.createStream("cam", { dtype: "json", info });
    await scan.createStream("diode", { dtype: "<f8" }).send([1, 2]);
    await scan.prepare();
    await scan.close();
    const { streams } = await scans().store.loadScan(scan.key);
    expect(await streams.get("diode")?.length()).toBe(2);
    expect(await errorOf(streams.get("cam")?.length() ?? Promise.resolve())).toMatchObject({
      code: "ERR_PLUGIN_BROKEN",
      stream: "cam",
    });
  });

  test.each([{ last_index: "many" }, { last_index: 1.5 }, 7, [1], null])(
    "the status %j is none: the stream's calls fail until there is one",
    async (event) => {
      const { publisher, stream } = await running(scans());
      await publisher.send(event);
      await publisher.flush();
      expect(await errorOf(stream.length())).toMatchObject({ code: "ERR_STREAM_FORMAT", stream: "points" });
      await publisher.send(status(9, 9));
      await publisher.flush();
      expect(await stream.length()).toBe(10);
    },
  );

  test("publishers are told of them before anything is written", () => {
    const definition = {
      dtype: "<u2",
      shape: [2, 2],
      serverUrl: "x",
      bufferMaxNumber: 1,
      framesPerAcquisition: 1,
      acquisitionOffset: 0,
    };
    const saving = {
      filePath: "/a/b.h5",
      dataPath: "/d",
      fileFormat: "hdf5",
      fileOffset: 0,
      framesPerFile: 1,
    };
    expect(() => limaDefinition({ ...definition, saving })).toThrow("exactly one number");
    expect(() => limaDefinition({ ...definition, dtype: "pixel" })).toThrow("Unknown numeric dtype");
  });
});
