// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * A group, a dataset or a link.
 */
export type MappingNode = MappingGroup | MappingDataset | MappingStream | MappingSoftLink;

/**
 * `info.mapping` as blissdata 2.0 and 2.1 published it: the root group of the scan's own file (`id.path`), whose items are entries such as `1.1`.
 */
export interface TypedMapping {
  type: "group";
  attrs?: MappingAttributes;
  /**
   * The items of the group by name
   */
  items?: {
    [k: string]: MappingNode;
  };
}
/**
 * Attributes by name.
 */
export interface MappingAttributes {
  [k: string]: import("./h5maps.js").DataItem;
}
/**
 * An HDF5 group.
 */
export interface MappingGroup {
  type: "group";
  attrs?: MappingAttributes;
  /**
   * The items of the group by name
   */
  items?: {
    [k: string]: MappingNode;
  };
}
/**
 * A dataset whose value is known.
 */
export interface MappingDataset {
  type: "dset";
  attrs?: MappingAttributes;
  value: import("./h5maps.js").DataItem;
  stream?: never;
}
/**
 * A dataset with the data of a stream.
 */
export interface MappingStream {
  type: "dset";
  attrs?: MappingAttributes;
  /**
   * The name of a stream
   */
  stream: string;
  value?: never;
}
/**
 * A link within the file, absolute or relative to the group that holds it.
 */
export interface MappingSoftLink {
  type: "softlink";
  /**
   * The path the link points to
   */
  target: string;
}
