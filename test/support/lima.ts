import type { LimaDefinition } from "../../src/stream/plugins/definitions.js";
import { fixture } from "./fixtures.js";

/** A camera whose 35 images are in the files of a fixture, or of its copy in a folder, 10 in each. */
export function fixtureCamera(folder = fixture("h5maps/lima1_multi_file", "files")) {
  return {
    dtype: "<u2",
    shape: [12, 16],
    serverUrl: "id00/lima/cam",
    bufferMaxNumber: 1,
    framesPerAcquisition: 35,
    acquisitionOffset: 0,
    saving: {
      filePath: `${folder}/scan0001/cam_%04d.h5`,
      dataPath: "/entry_0000/measurement/data",
      fileFormat: "hdf5",
      fileOffset: 0,
      framesPerFile: 10,
    },
  } satisfies LimaDefinition;
}
