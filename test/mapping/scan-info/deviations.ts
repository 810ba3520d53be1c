/** A place where our tree is meant to differ from the real writer's, and why (the rows of docs/scan-info.md). */
export interface Deviation {
  readonly capture: string;
  /** Matches the lines of differences. */
  readonly at: RegExp;
  readonly reason: Reason;
}

export const REASONS = [
  "complete",
  "missing-description",
  "undeclared-stream",
  "duplicate-signal",
  "stream-units",
  "spectrometer-units",
  "detector-list",
  "device-metadata",
  "end-value",
  "data-writers",
] as const;
export type Reason = (typeof REASONS)[number];

export const DEVIATIONS: readonly Deviation[] = [
  { capture: "02b_plotselect_clash", at: /@default|plotselect/, reason: "duplicate-signal" },
  { capture: "02b_plotselect_clash", at: /writer\/status/, reason: "complete" },
  { capture: "04_sardana", at: /dmot01\/data@units: only ours/, reason: "stream-units" },
  { capture: "13_nosave", at: /^no\.h5: only ours/, reason: "data-writers" },
  {
    capture: "19_devices",
    at: /robx\/note: only ours|positionersrobx: only theirs/,
    reason: "device-metadata",
  },
  { capture: "19_devices", at: /event_count_rate@units: only ours/, reason: "spectrometer-units" },
  { capture: "19_devices", at: /falconx_(sum_0_1|det_0_1_)/, reason: "detector-list" },
  {
    capture: "22b_no_writer_options",
    at: /instrument\/[vw]|measurement: only ours|writer\/status/,
    reason: "complete",
  },
  { capture: "23_bad_device_undefined", at: /^bad\.h5: unreadable theirs/, reason: "missing-description" },
  { capture: "23_bad_no_categories", at: /^bad\.h5: unreadable theirs/, reason: "missing-description" },
  { capture: "23_bad_no_chain", at: /^bad\.h5: unreadable theirs/, reason: "missing-description" },
  { capture: "23_bad_no_channels", at: /^bad\.h5: unreadable theirs/, reason: "missing-description" },
  { capture: "23_bad_no_devices", at: /^bad\.h5: unreadable theirs/, reason: "missing-description" },
  {
    capture: "23_bad_no_scan_nb",
    at: /@default: only ours|\/1\.1: only ours/,
    reason: "missing-description",
  },
  {
    capture: "23_bad_no_start_time",
    at: /@default: only ours|\/1\.1: only ours/,
    reason: "missing-description",
  },
  { capture: "23_bad_no_title", at: /@default: only ours|\/1\.1: only ours/, reason: "missing-description" },
  { capture: "24_stream_undeclared", at: /\/extra: only ours/, reason: "undeclared-stream" },
  { capture: "24_stream_undeclared", at: /shape \[3\] instead of \[1\]|writer\/status/, reason: "complete" },
  {
    capture: "26_json_stream",
    at: /\/(robx|j): only ours|shape \[3\] instead|soft_link instead|writer\/status/,
    reason: "complete",
  },
  {
    capture: "34_meta",
    at: /robx\/speed: only ours|positionersrobx: only theirs/,
    reason: "device-metadata",
  },
  { capture: "34_meta", at: /sample_info\/slist/, reason: "end-value" },
  { capture: "34b_meta_unsavable", at: /^bad\.h5: unreadable theirs/, reason: "complete" },
  {
    capture: "35b_bool",
    at: /shape \[3\] instead|\/b(\/data)?: only ours|writer\/status/,
    reason: "complete",
  },
  {
    capture: "35c_complex",
    at: /(robx|d|b\/data|measurement): only ours|soft_link instead|writer\/status/,
    reason: "complete",
  },
  { capture: "39_crashed", at: /^cr\.h5: unreadable theirs/, reason: "complete" },
  {
    capture: "40_bad_then_good",
    at: /\/1\.1\/(.*: only ours|.*soft_link instead|writer\/status)/,
    reason: "missing-description",
  },
  {
    capture: "46_defaults",
    at: /\/1\.1\/(instrument@NX_class|.*: only ours|.*soft_link instead|writer\/status)/,
    reason: "complete",
  },
  { capture: "47_ct_twopoints", at: /shape \[2(,2)?\] instead|writer\/status|only ours/, reason: "complete" },
  { capture: "48_nan_in_list", at: /\/1\.1\//, reason: "complete" },
  { capture: "50_missing_then_good", at: /\/[1-4]\.1: only ours/, reason: "missing-description" },
];
