/** The item itself lies there. */
export class HardLink {
    kind = "hard";
}
export class SoftLink {
    kind = "soft";
    /** Where it leads: absolute, or relative to the group that holds it. */
    path;
    constructor(path) {
        this.path = path;
    }
}
export class ExternalLink {
    kind = "external";
    /** The other file, as stored: absolute, or relative to the folder of this one. */
    filename;
    path;
    constructor(filename, path) {
        this.filename = filename;
        this.path = path;
    }
}
