import { registerStreamPlugin } from "../plugin.js";
import { hdf5FallbackPlugin } from "./hdf5-fallback.js";
import { limaPlugin } from "./lima.js";
import { lima2Plugin } from "./lima2.js";

registerStreamPlugin("lima", limaPlugin);
registerStreamPlugin("lima2", lima2Plugin());
registerStreamPlugin("hdf5_fallback", hdf5FallbackPlugin);
