// Made from the JSON schema of the same name by scripts/generate-types.mjs: change the schema, not this file.

/**
 * `info.mapping` as on the design slides of blissdata: the NXentry of the scan (`/<number>.1` in its file), as a tuple.
 */
export type TupleMapping = TupleGroup;
/**
 * A group: [attributes, children].
 *
 * @minItems 2
 * @maxItems 2
 */
export type TupleGroup = [
  attributes: {[name: string]: import("./h5maps.js").DataItem},
  children: {
    [name: string]:
      | TupleGroup
      | [
          attributes: {[name: string]: import("./h5maps.js").DataItem},
          kind: "RAW",
          value: import("./h5maps.js").DataItem
        ]
      | [attributes: {[name: string]: import("./h5maps.js").DataItem}, kind: "STREAM", stream: string];
  }
];
