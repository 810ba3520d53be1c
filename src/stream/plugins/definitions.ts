import { InvalidArgumentError } from "../../errors.js";
import { type DType, nameOfDtype, requireNumeric } from "../../ndarray/dtype.js";
import { limaFiles } from "./lima-files.js";

/** What `scan.createStream(name, …)` takes. */
export interface PluginStreamDefinition {
  readonly dtype: DType;
  readonly shape?: readonly number[];
  readonly info: Readonly<Record<string, unknown>>;
}

/** An image stream of a Lima detector. */
export interface LimaDefinition {
  /** Type and shape (rows, columns) of one image. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Tango name of the detector's server. */
  readonly serverUrl: string;
  /** How many images the server keeps in memory. */
  readonly bufferMaxNumber: number;
  /** Images per acquisition; several acquisitions follow each other in one scan. */
  readonly framesPerAcquisition: number;
  /** Number of the scan's first acquisition on this server. */
  readonly acquisitionOffset: number;
  /** Where the detector saves its images, absent when it does not. */
  readonly saving?: {
    /** printf pattern with the file number, such as `/data/scan0001/cam_%04d.h5`. */
    readonly filePath: string;
    readonly dataPath: string | null;
    /** Lima's name of the format: `HDF5`, `HDF5BS`, `EDF`, … */
    readonly fileFormat: string;
    /** Number of the first file. */
    readonly fileOffset: number;
    /** 0: all images of an acquisition in one file. */
    readonly framesPerFile: number;
  };
  /** Further fields of the stream's `info`. */
  readonly info?: Readonly<Record<string, unknown>>;
}

/** As good as all images of a scan, in one file. */
const MOST_FRAMES = 2 ** 31 - 1;

/**
 * An image stream whose points are saved by a Lima detector. Send statuses into it, as images are taken and saved:
 * `{ last_index, last_index_saved }` (indices of images, -1 before the first).
 * @example
 * const camera = scan.createStream("camera:image", limaDefinition({ dtype: "<u2", shape: [512, 512], … }));
 * await camera.send({ last_index: 3, last_index_saved: 0 });
 */
export function limaDefinition(definition: LimaDefinition): PluginStreamDefinition {
  const { saving } = definition;
  const limaInfo: Record<string, unknown> = {
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
      // Never 0, by which blissdata's reader would divide.
      frame_per_file: saving.framesPerFile || definition.framesPerAcquisition || MOST_FRAMES,
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

/** A frame source of a Lima2 detector. */
export interface Lima2Definition {
  /** Type and shape (rows, columns) of one frame. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** UUID of the acquisition. */
  readonly acquisition: string;
  /** Frame source, such as `frame`. */
  readonly source: string;
  readonly conductor: { readonly hostname: string; readonly port: number };
  /** The file that refers to all frames and the dataset in it; null when they are not saved. */
  readonly masterFile: { readonly file: string; readonly dataset: string } | null;
  readonly info?: Readonly<Record<string, unknown>>;
}

/** A frame stream of a Lima2 detector. Send the number of frames that are available, each time it has grown. */
export function lima2Definition(definition: Lima2Definition): PluginStreamDefinition {
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
export function scanSequenceDefinition(info: Readonly<Record<string, unknown>> = {}): PluginStreamDefinition {
  return { dtype: "json", info: { ...info, format: "subscan", plugin: "scan_sequence" } };
}

/** A plain stream whose points are also written to an HDF5 file, from which trimmed ones are read. */
export interface Hdf5FallbackDefinition {
  readonly dtype: string;
  /** Shape of one point. */
  readonly shape?: readonly number[];
  /** Absolute path of the file, and the dataset in it. */
  readonly file: string;
  readonly dataset: string;
  readonly info?: Readonly<Record<string, unknown>>;
}

/** A plain stream that names the HDF5 file its points are written to as well. Send points, as to any numeric stream. */
export function hdf5FallbackDefinition(definition: Hdf5FallbackDefinition): PluginStreamDefinition {
  const { dtype, shape = [], file, dataset } = definition;
  const info = { ...definition.info, ...imageInfo({ dtype, shape }) };
  return {
    dtype,
    shape,
    info: { ...info, plugin: "hdf5_fallback", file_path: file, data_path: dataset, save: true },
  };
}

/** `info.dtype` (NumPy's name) and `info.shape` of one point. */
function imageInfo({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }) {
  requireNumeric(dtype);
  const bad = shape.find((length) => !Number.isSafeInteger(length) || length < -1);
  if (bad !== undefined) throw new InvalidArgumentError(`A shape has lengths from 1, or -1: got [${shape}].`);
  return { dtype: nameOfDtype(dtype), shape: [...shape] };
}
