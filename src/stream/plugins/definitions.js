import { InvalidArgumentError } from "../../errors.js";
import { nameOfDtype, requireNumeric } from "../../ndarray/dtype.js";
import { limaFiles } from "./lima-files.js";
/**
 * An image stream whose points are saved by a Lima detector. Send statuses into it, as images are taken and saved:
 * `{ last_index, last_index_saved }` (indices of images, -1 before the first).
 * @example
 * const camera = scan.createStream("camera:image", limaDefinition({ dtype: "<u2", shape: [512, 512], … }));
 * await camera.send({ last_index: 3, last_index_saved: 0 });
 */
export function limaDefinition(definition) {
  const { saving } = definition;
  const limaInfo = {
    protocol_version: 1,
    server_url: definition.serverUrl,
    buffer_max_number: definition.bufferMaxNumber,
    frame_per_acquisition: definition.framesPerAcquisition,
    acquisition_offset: definition.acquisitionOffset,
  };
  if (saving) {
    Object.assign(limaInfo, {
      file_path: saving.filePath,
      data_path: saving.dataPath,
      file_format: saving.fileFormat,
      file_offset: saving.fileOffset,
      frame_per_file: saving.framesPerFile,
    });
    limaFiles(limaInfo); // refuses what no reader could use
  }
  return {
    dtype: "json",
    info: {
      ...definition.info,
      format: "lima_v1",
      plugin: "lima",
      ...imageInfo(definition),
      lima_info: limaInfo,
    },
  };
}
/** A frame stream of a Lima2 detector. Send the number of frames that are available, each time it has grown. */
export function lima2Definition(definition) {
  const { masterFile, conductor } = definition;
  return {
    dtype: "<u4",
    info: {
      ...definition.info,
      plugin: "lima2",
      ...imageInfo(definition),
      protocol_version: 2,
      acq_uuid: definition.acquisition,
      source_name: definition.source,
      conductor_hostname: conductor.hostname,
      conductor_port: conductor.port,
      master_file: masterFile && [masterFile.file, masterFile.dataset],
    },
  };
}
/** A stream of references to other scans. Send `{ key }` with the key of each scan. */
export function scanSequenceDefinition(info = {}) {
  return { dtype: "json", info: { ...info, format: "subscan", plugin: "scan_sequence" } };
}
export function hdf5FallbackDefinition(definition) {
  const { dtype, shape = [], file, dataset } = definition;
  const info = { ...definition.info, ...imageInfo({ dtype, shape }) };
  return {
    dtype,
    shape,
    info: { ...info, plugin: "hdf5_fallback", file_path: file, data_path: dataset, save: true },
  };
}
/** `info.dtype` (NumPy's name) and `info.shape` of one point. */
function imageInfo({ dtype, shape }) {
  requireNumeric(dtype);
  const bad = shape.find((length) => !Number.isSafeInteger(length) || length < -1);
  if (bad !== undefined) throw new InvalidArgumentError(`A shape has lengths from 1, or -1: got [${shape}].`);
  return { dtype: nameOfDtype(dtype), shape: [...shape] };
}
