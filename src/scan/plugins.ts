import { registerStreamPlugin } from "../stream/plugin.js";
import { hdf5FallbackPlugin } from "../stream/plugins/hdf5-fallback.js";
import { limaPlugin } from "../stream/plugins/lima.js";
import { lima2Plugin } from "../stream/plugins/lima2.js";
import { scanSequencePlugin } from "./sequence.js";

/** The plugins of blissdata's own streams are there without being registered by users, who may replace them. */
registerStreamPlugin("lima", limaPlugin);
registerStreamPlugin("lima2", lima2Plugin());
registerStreamPlugin("hdf5_fallback", hdf5FallbackPlugin);
registerStreamPlugin("scan_sequence", scanSequencePlugin);
