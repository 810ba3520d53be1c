// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * About a scan that is a sequence of scans.
 */
export type SequenceInfo = {
  /**
   * How many scans are expected
   */
  scan_count?: number;
  [k: string]: unknown;
} | null;
/**
 * What to plot.
 */
export type DisplayExtra = {
  /**
   * Channels chosen before the scan
   */
  displayed_channels?: string[] | null;
  /**
   * Channels chosen with plotselect
   */
  plotselect?: string[] | null;
  /**
   * When, in seconds since 1970
   */
  plotselect_time?: number;
  [k: string]: unknown;
} | null;
/**
 * How the file is written.
 */
export type WriterOptions = {
  /**
   * A file per scan
   */
  separate_scan_files?: boolean;
  chunk_options?: ChunkOptions;
  [k: string]: unknown;
} | null;
/**
 * Chunks and compression.
 */
export type ChunkOptions = {
  /**
   * The size of a chunk in bytes
   */
  chunk_nbytes?: number;
  /**
   * Into how many parts an axis is split at most
   */
  chunk_split?: number;
  /**
   * Larger datasets (in bytes) are compressed
   */
  compression_limit_nbytes?: number;
  /**
   * The filters
   */
  compression_scheme?:
    "none" | "gzip" | "byteshuffle" | "gzip-byteshuffle" | "bitshuffle" | "lz4-bitshuffle" | null;
  [k: string]: unknown;
} | null;
/**
 * What the publisher tells the NeXus writer.
 */
export type NexusWriterInfo = {
  /**
   * About channels, by their names
   */
  devices?: {
    [k: string]: NexusWriterDevice;
  };
  instrument_info?: Metadata;
  /**
   * Files with links to the entries of the scan: level → path
   */
  masterfiles?: {
    [k: string]: string;
  };
  /**
   * Ignored by current writers
   */
  technique?: {};
  [k: string]: unknown;
} | null;
/**
 * Positions of all motors at the start and the end, and their units.
 */
export type Positioners = {
  positioners_start?: Positions;
  positioners_dial_start?: Positions;
  positioners_end?: Positions;
  positioners_dial_end?: Positions;
  /**
   * Units by the name of the motor, null where there is none
   */
  positioners_units?: {
    [k: string]: string | null;
  } | null;
  [k: string]: unknown;
} | null;
/**
 * Positions by the name of the motor; null where it is not known.
 */
export type Positions = {} | null;

/**
 * `info` of a scan: the fields that BLISS, Sardana and nxlive know. All are optional here, others are free. Scans without h5maps or mapping need acquisition_chain, devices, channels, scan_nb, title, start_time and filename for a file.
 */
export interface ScanInfo {
  /**
   * The name of the scan, such as ascan
   */
  name?: string;
  /**
   * The number of the scan (an integer), which names its entry in the file
   */
  scan_nb?: number;
  /**
   * The name of the session
   */
  session_name?: string;
  /**
   * The user of the session
   */
  user_name?: string;
  /**
   * The data policy, such as ESRF
   */
  data_policy?: string;
  /**
   * When the scan started (ISO 8601)
   */
  start_time?: string;
  /**
   * When the scan ended (ISO 8601)
   */
  end_time?: string;
  /**
   * When the scan started, in seconds since 1970
   */
  start_timestamp?: number;
  /**
   * When the scan ended, in seconds since 1970
   */
  end_timestamp?: number;
  /**
   * How the scan ended: SUCCESS, FAILURE, USER_ABORT or DELETION
   */
  end_reason?: string;
  /**
   * The title, by default the command line
   */
  title?: string;
  /**
   * The kind of scan
   */
  type?: string;
  /**
   * The number of points: 0 without end, 1 for a single count
   */
  npoints?: number;
  /**
   * The number of points of a mesh's fast axis
   */
  npoints1?: number;
  /**
   * The number of points of a mesh's slow axis
   */
  npoints2?: number;
  /**
   * The number of axes of the scan: 0 a count, 1 a scan, 2 a mesh
   */
  data_dim?: number;
  /**
   * The first position of each axis
   */
  start?: unknown[] | number;
  /**
   * The last position of each axis
   */
  stop?: unknown[] | number;
  /**
   * The exposure time in seconds
   */
  count_time?: number;
  /**
   * The pause between points in seconds
   */
  sleep_time?: number;
  /**
   * The stabilisation time after a motion in seconds
   */
  stab_time?: number;
  /**
   * The acquisition chains by name
   */
  acquisition_chain?: {
    [k: string]: AcquisitionChain;
  };
  /**
   * The devices by key
   */
  devices?: {
    [k: string]: Device;
  };
  /**
   * The channels by the name of their stream
   */
  channels?: {
    [k: string]: Channel;
  };
  sequence_info?: SequenceInfo;
  /**
   * The Redis key of the sequence that this scan is part of
   */
  group?: string;
  /**
   * True for a sequence of scans
   */
  is_scan_sequence?: boolean;
  /**
   * The place in the sequence, from 0
   */
  index_in_sequence?: number;
  /**
   * How often the scan was tried again
   */
  retry_nb?: number;
  display_extra?: DisplayExtra;
  /**
   * Plots to show
   */
  plots?: Plot[] | null;
  /**
   * Whether the scan is saved
   */
  save?: boolean;
  /**
   * The absolute path of the data file
   */
  filename?: string | null;
  /**
   * The pattern of the detectors' file paths
   */
  images_path?: string | null;
  /**
   * The program that publishes, such as bliss
   */
  publisher?: string | null;
  /**
   * Its version
   */
  publisher_version?: string | null;
  /**
   * Who writes the file: nexus, external or another
   */
  data_writer?: string;
  writer_options?: WriterOptions;
  /**
   * The names of the fields of info that are metadata of the entry
   */
  scan_meta_categories?: string[];
  nexuswriter?: NexusWriterInfo;
  positioners?: Positioners;
  instrument?: Metadata | null;
  technique?: Metadata | null;
  sample?: Metadata | null;
  snapshot?: Metadata | null;
  datadesc?: Metadata | null;
  /**
   * ICAT metadata of the data set
   */
  dataset_metadata_snapshot?: {} | null;
  /**
   * Comments, which become notes
   */
  comments?: Comment[] | null;
  /**
   * The files that the scan becomes: see h5maps.schema.json
   */
  h5maps?: {} | null;
  /**
   * The file that the scan becomes, in the older dialects: see mapping.schema.json and mapping-tuples.schema.json
   */
  mapping?: {} | unknown[] | null;
  [k: string]: unknown;
}
/**
 * An acquisition chain: what triggers what. Each chain with channels becomes an entry.
 */
export interface AcquisitionChain {
  /**
   * The device at the top of the chain
   */
  top_master?: string;
  /**
   * The keys of the devices in the chain
   */
  devices?: string[];
  /**
   * Deprecated: channels of scalars
   */
  scalars?: string[];
  /**
   * Deprecated: channels of spectra
   */
  spectra?: string[];
  /**
   * Deprecated: channels of images
   */
  images?: string[];
  /**
   * Deprecated: channels of the master devices
   */
  master?: {};
  [k: string]: unknown;
}
/**
 * A device and its channels.
 */
export interface Device {
  /**
   * The name of the device
   */
  name?: string;
  /**
   * The names of its channels
   */
  channels?: string[];
  /**
   * The keys of the devices it triggers
   */
  triggered_devices?: string[];
  /**
   * lima, lima2, mca, mosca or another
   */
  type?: string | null;
  /**
   * The channel to plot its spectra against
   */
  xaxis_channel?: string;
  /**
   * The numbers to plot its spectra against
   */
  xaxis_array?: number[];
  /**
   * What these numbers are
   */
  xaxis_array_label?: string;
  /**
   * Their unit
   */
  xaxis_array_unit?: string;
  metadata?: Metadata;
  [k: string]: unknown;
}
/**
 * A tree of values: objects are groups, `@name` an attribute of the group, `name@attribute` one of a dataset, `>name` a soft link.
 */
export interface Metadata {}
/**
 * What a stream holds, and how to show it.
 */
export interface Channel {
  /**
   * The name to show
   */
  display_name?: string | null;
  /**
   * The unit of the data, or null
   */
  unit?: string | null;
  /**
   * The dimensions of one point: 0 scalar, 1 spectrum, 2 image
   */
  dim?: number;
  /**
   * The number of decimals to show
   */
  decimals?: number;
  /**
   * Where the axis starts
   */
  start?: number;
  /**
   * Where the axis stops
   */
  stop?: number;
  /**
   * The least value
   */
  min?: number;
  /**
   * The largest value
   */
  max?: number;
  /**
   * The number of points of the channel
   */
  points?: number;
  /**
   * The number of points of the axis
   */
  axis_points?: number;
  /**
   * About how many points the axis has
   */
  axis_points_hint?: number;
  /**
   * The place of the axis, 0 is the fastest
   */
  axis_id?: number;
  /**
   * How the axis moves
   */
  axis_kind?: "forth" | "backnforth" | "step";
  /**
   * Channels of one group get the same number of points
   */
  group?: string;
  /**
   * The key of the channel's device
   */
  device?: string;
  [k: string]: unknown;
}
/**
 * A plot that the publisher suggests.
 */
export interface Plot {
  /**
   * scatter-plot, curve-plot, table-plot or 1d-plot
   */
  kind?: string;
  /**
   * The name of the plot
   */
  name?: string;
  /**
   * The channel of the x axis
   */
  x?: string;
  /**
   * What is drawn
   */
  items?: PlotItem[];
  [k: string]: unknown;
}
/**
 * A curve or scatter.
 */
export interface PlotItem {
  /**
   * scatter or curve
   */
  kind?: string;
  /**
   * The channel of the x axis
   */
  x?: string;
  /**
   * The channel of the y axis
   */
  y?: string;
  /**
   * The channel of the value
   */
  value?: string;
  /**
   * Which y axis
   */
  y_axis?: "left" | "right";
  [k: string]: unknown;
}
/**
 * What kind of device a channel belongs to.
 */
export interface NexusWriterDevice {
  /**
   * positioner, mca, mosca, lima, lima2, mythen, samplingcounter, …
   */
  device_type?: string | null;
  /**
   * signal for the principal data of a counter
   */
  data_type?: string | null;
  /**
   * Metadata of the device
   */
  device_info?: {} | null;
  [k: string]: unknown;
}
/**
 * A comment of the user.
 */
export interface Comment {
  /**
   * When (ISO 8601)
   */
  date?: string | null;
  /**
   * The text
   */
  message?: string;
  [k: string]: unknown;
}
