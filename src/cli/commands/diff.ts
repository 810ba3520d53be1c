import { command } from "../command.js";

export const diff = command({
  usage: "A.h5 B.h5",
  help: `Compares two HDF5 files: groups, attributes, types, shapes, values, links (as they are stored) and the files in which
virtual and external data lie. One line per difference, in the order of A; the exit code is 1 when there are any. Attributes
that tell when and by what a file was written, and the way it is stored, are left out unless asked for.`,
  options: {
    volatile: { type: "boolean", description: "also attributes of the clock and of versions (file_time …)" },
    storage: { type: "boolean", description: "also chunks, filters and maximal shapes" },
    order: { type: "boolean", description: "also the order of names in groups" },
  },
  positionals: [2, 2],
  redis: false,
  async run({ values, positionals, signal, json, print, printJson }) {
    const [{ openHdf5Reader }, { compareFiles }] = await Promise.all([
      import("../../hdf5/reader.js"),
      import("../../writer/compare/compare-files.js"),
    ]);
    const [pathA = "", pathB = ""] = positionals;
    await using a = await openHdf5Reader(pathA);
    await using b = await openHdf5Reader(pathB);
    const { volatile = false, storage = false, order = false } = values;
    let count = 0;
    for await (const difference of compareFiles(a, b, { volatile, storage, order, signal })) {
      count++;
      if (json) await printJson(difference);
      else await print(`${difference.path}: ${difference.message}`);
    }
    if (!json && count === 0) await print(`${pathA} and ${pathB} hold the same.`);
    return count === 0 ? 0 : 1;
  },
});
