/**
 * Builds `info.h5maps` for publishers, as plain JSON:
 *
 * ```ts
 * scan.info.h5maps = { "/data/demo.h5": mapping.root({ "12.1": mapping.entry({
 *   title: "ascan roby 0 9 10",
 *   instrument: mapping.group("NXinstrument", {
 *     diode: mapping.group("NXdetector", { data: mapping.stream("diode", { units: "V" }) }) }),
 *   measurement: mapping.group("NXcollection", { diode: mapping.softLink("/12.1/instrument/diode/data") }) }) }) };
 * ```
 *
 * Plain numbers follow JSON: 2 is an int64, 2.5 a float64; `mapping.inline("float64", 2)` says what it means.
 */
export type { DataItem, H5Group, H5Item, H5Maps } from "../generated/h5maps.js";
export {
  type AttributesInput,
  type ChildInput,
  type ChildrenInput,
  dataset,
  entry,
  externalBinary,
  externalLink,
  group,
  root,
  type SpaceInput,
  softLink,
  stream,
  type VirtualPart,
  virtual,
} from "./items.js";
export { compound, inline, inlineB64, type PlainValue, type ValueInput } from "./values.js";
