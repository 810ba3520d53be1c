export { ClosedError, InvalidArgumentError, isNxliveError, NxliveError, TimeoutError } from "./errors.js";
export type { Attributes } from "./h5api/attributes.js";
export type { Block } from "./h5api/blocks.js";
export type { Dataset, PointsOptions } from "./h5api/dataset.js";
export {
  BrokenLinkError,
  DataMissingError,
  DuplicateEntryError,
  FileNotFoundError,
  LinkLoopError,
  PathNotFoundError,
  WrongKindError,
} from "./h5api/errors.js";
export { File, type FileOptions } from "./h5api/file.js";
export type { Group, Visitor } from "./h5api/group.js";
export type { FileMode } from "./h5api/library.js";
export { ExternalLink, HardLink, type Link, SoftLink } from "./h5api/links.js";
export type { Member, Reference } from "./h5api/reference.js";
export type { ReadOptions, SliceArguments } from "./h5api/selection.js";
export type { GrownDataset, Snapshot } from "./h5api/snapshot.js";
export { JsonDecimal } from "./json.js";
export * as mapping from "./mapping/builder/index.js";
export type { ScanInfo } from "./mapping/generated/scan-info.js";
export type { DType, Field } from "./ndarray/dtype.js";
export { NdArray } from "./ndarray/ndarray.js";
export type { RawArray } from "./ndarray/raw.js";
export {
  type AxisRange,
  type AxisSelection,
  parseSelection,
  type Selection,
  slice,
} from "./ndarray/slice.js";
export {
  DatabaseNotEmptyError,
  MissingModulesError,
  NotInitialisedError,
  ProtocolVersionError,
  RedisAccessError,
  RedisCommandError,
  RedisConnectionLostError,
  RedisOutOfMemoryError,
  RedisUnreachableError,
} from "./redis/errors.js";
export {
  NoScanError,
  ScanFormatError,
  ScanIdentityError,
  ScanInfoError,
  ScanNotFoundError,
  ScanStateError,
} from "./scan/errors.js";
export type { FollowScansOptions } from "./scan/follow-scans.js";
export type { ScanIdentity, ScanIdentityInput } from "./scan/identity.js";
export { nextLimaAcquisition } from "./scan/lima-acquisition.js";
export {
  type DataNode,
  type NodeEvent,
  type NodeType,
  type WalkOptions,
  walk,
  walkEvents,
} from "./scan/nodes.js";
export { type ChannelData, type GetDataOptions, ImageView } from "./scan/nodes-data.js";
export type { PublishedScan, StreamOptions } from "./scan/published-scan.js";
export type { Scan } from "./scan/scan.js";
export type { ScanCriteria, SearchResult } from "./scan/search.js";
export type { ScanSequenceStream } from "./scan/sequence.js";
export { SCAN_STATES, type ScanState } from "./scan/state.js";
export { DataStore } from "./scan/store.js";
export type { CursorGroup } from "./stream/cursor-group.js";
export {
  IndexNoMoreThereError,
  IndexNotYetThereError,
  IndexWontBeThereError,
  PluginBrokenError,
  PluginMissingError,
  SecondPublisherError,
  StreamFormatError,
  StreamLostError,
  StreamSealedError,
} from "./stream/errors.js";
export type { EventSource, FollowableStream, InterpretOptions } from "./stream/followable.js";
export { type PluginContext, registerStreamPlugin, type StreamPluginFactory } from "./stream/plugin.js";
export {
  type Hdf5FallbackDefinition,
  hdf5FallbackDefinition,
  type Lima2Definition,
  type LimaDefinition,
  lima2Definition,
  limaDefinition,
  scanSequenceDefinition,
} from "./stream/plugins/definitions.js";
export { DerivedStream, type Progress } from "./stream/plugins/derived.js";
export {
  DataFileError,
  DataFileMissingError,
  FileFormatError,
  FileNotClosedError,
  ImagesNotSavedError,
  LiveFrameError,
} from "./stream/plugins/errors.js";
export type { Hdf5FallbackStream } from "./stream/plugins/hdf5-fallback.js";
export type { LimaStatus, LimaStream } from "./stream/plugins/lima.js";
export type { ImageLocation, ImageRun, LimaFiles } from "./stream/plugins/lima-files.js";
export {
  type FrameRequest,
  type Lima2Options,
  type Lima2Stream,
  lima2Plugin,
} from "./stream/plugins/lima2.js";
export type { RawPoints } from "./stream/points.js";
export type { FlushOptions, StreamPublisher } from "./stream/publisher.js";
export type {
  CursorOptions,
  GroupOptions,
  ReadableStreamData,
  SignalOption,
  StreamView,
  WaitOptions,
} from "./stream/reading.js";
export { type SharedView, type ShareOptions, shareStream } from "./stream/sharing.js";
